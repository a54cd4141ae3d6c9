// What the trainer minimises besides the CTC at the top. A plain value.
#pragma once

namespace rill::training {

struct LossOptions {
  // Share of the CTC in the middle of the encoder; the top's is what is left of 1 (J. Lee, S.
  // Watanabe, "Intermediate loss regularization for CTC-based speech recognition", ICASSP 2021).
  double intermediate = 0.3;

  // Of a model that hears phones, too: the share of the CTC of its tokens at the top; what is left
  // of 1 has that of its phones, which the losses below are about.
  double letters = 0.3;

  // Factor on how much the outputs for two views of a clip differ; needs Batch::views == 2 (Z. Yao
  // et al., "CR-CTC: consistency regularization on CTC for improved speech recognition", ICLR 2025,
  // which has 0.2). 0: none.
  double consistency = 0;

  // Nats a frame that a blank gains for each frame since the last one that was blank for sure: it
  // moves what is not blank to earlier frames (Z. Yao et al., "Delay-penalized CTC implemented
  // based on finite state transducer", Interspeech 2023). It hinders a model that does not spell
  // yet. 0: none.
  double delay_penalty = 0;

  // How far the top's CTC is CTC-CRF (crf_loss.h): 0 not at all, 1 altogether. For a model that
  // spells already and will be decoded with a language model.
  double crf = 0;

  // Factor on the word errors to be expected of the decoder (mwer_loss.h), beside the losses above.
  // For a model that is good with a language model already. 0: none.
  double mwer = 0;

  // Factor on the loss of guessing what a teacher heard (teacher_loss.h), where batches have that.
  double teacher = 0.3;
};

}  // namespace rill::training
