// A fixture whose server has the real recogniser, with a tiny model of random weights: babble, but
// always the same babble.
#pragma once

#include <gtest/gtest.h>

#include <utility>

#include "server/server.h"
#include "tests/model/test_model.h"
#include "tests/temporary_folder.h"

namespace rill::server {

// Fixture: a ServerFixture.
template <class Fixture>
class OnTestModel : public Fixture {
 protected:
  void SetUp() override {
    ServerOptions options = Fixture::FewThreads();
    options.models = {folder_ / "test.safetensors"};
    ASSERT_TRUE(WriteTestModel(options.models[0]).ok());
    auto models = LoadModels(options);
    ASSERT_TRUE(models.ok()) << models.status();
    this->StartWith(options, *std::move(models));
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace rill::server
