# Tests of the data pipeline.
rill_test(training_data_test
  SOURCES
    augmenter_test.cc
    batch_loader_test.cc
    batch_maker_test.cc
    chunk_layout_test.cc
    corpus_weights_test.cc
    data_fixture.cc
    data_options_test.cc
    error_rate_test.cc
    evaluation_set_test.cc
    feature_cache_test.cc
    feature_file_test.cc
    feature_math_test.cc
    manifest_test.cc
    pass_plan_test.cc
    random_test.cc
    row_packer_test.cc
    token_table_test.cc
    training_data_test.cc
  LIBS rill_training_data rill_features)
