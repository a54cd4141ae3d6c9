# One program, so that LibTorch's headers are compiled once.
rill_test(trainer_test
  SOURCES
    checkpoint_test.cc
    command_flags_test.cc
    encoder_trainable_test.cc
    evaluation_test.cc
    folder_lock_test.cc
    model_export_test.cc
    muon_test.cc
    optimizer_test.cc
    parameter_state_test.cc
    schedule_test.cc
    stop_signal_test.cc
    thread_team_test.cc
    trainer_test.cc
    training_loop_test.cc
  LIBS rill_trainer nlohmann_json::nlohmann_json
)
target_precompile_headers(trainer_test PRIVATE
  <ATen/ATen.h> <torch/types.h> <gmock/gmock.h> <gtest/gtest.h>)
