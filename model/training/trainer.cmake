# Optimiser, loop, checkpoints, evaluation and the program rill-train.
find_package(CLI11 REQUIRED)

rill_library(rill_trainer
  checkpoint.cc
  checkpoint_folder.cc
  command_flags.cc
  device.cc
  encoder_trainable.cc
  evaluate_command.cc
  evaluation.cc
  export_command.cc
  folder_lock.cc
  model_export.cc
  muon.cc
  optimizer.cc
  parameter_state.cc
  progress.cc
  run_log.cc
  schedule.cc
  stop_signal.cc
  thread_team.cc
  train_command.cc
  trainer.cc
  training_loop.cc
)
target_link_libraries(rill_trainer
  PUBLIC rill_training_encoder rill_training_data CLI11::CLI11 absl::strings absl::str_format
  PRIVATE nlohmann_json::nlohmann_json ${CMAKE_DL_LIBS})
target_precompile_headers(rill_trainer PRIVATE <ATen/ATen.h> <torch/types.h>)

# Optional: without jemalloc a step is some 10 % slower.
find_library(RILL_JEMALLOC jemalloc)
add_executable(rill-train rill_train.cc)
target_link_libraries(rill-train PRIVATE rill_trainer)
if(RILL_JEMALLOC)
  target_sources(rill-train PRIVATE allocator.cc)
  target_link_libraries(rill-train PRIVATE ${RILL_JEMALLOC})
endif()
install(TARGETS rill-train)
