# The data pipeline: manifests to batches. Sees no LibTorch.
rill_library(rill_training_data
  augmenter.cc
  batch_loader.cc
  batch_maker.cc
  chunk_layout.cc
  clip_store.cc
  corpus_weights.cc
  data_options.cc
  error_rate.cc
  evaluation_set.cc
  feature_cache.cc
  feature_file.cc
  feature_math.cc
  manifest.cc
  noise_folder.cc
  pass_plan.cc
  progress_bar.cc
  row_packer.cc
  token_table.cc
  training_data.cc
)
rill_simd_sources(rill_training_data
  feature_math_simd.cc
)
target_link_libraries(rill_training_data
  PUBLIC absl::status absl::statusor absl::span rill_model_file
  PRIVATE absl::strings absl::str_format rill_kernels rill_audio rill_features)
