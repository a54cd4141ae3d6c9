// Learning what a larger model hears: a head on the encoder's stream of residuals, which only
// training has, guesses the codes that a batch has for each frame (data/teacher_codes.h).
//
// Pure; any thread.
#pragma once

#include <torch/types.h>

#include <vector>

#include "model/training/data/batch.h"

namespace rill::training {

// logits: [rows, frames, groups * kTeacherClasses] float. The sum over the frames of clips that
// have codes of -log p(code), mean over the groups; differentiable. Weights of clips do not count:
// what makes a text worth less says nothing about what the teacher hears.
torch::Tensor TeacherLoss(const torch::Tensor& logits, const std::vector<PackedClip>& clips);

}  // namespace rill::training
