// Model files: what is written is read back, and nothing in a file can do worse than give an error
// that names the field.
#include "model/file/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>

#include "nlohmann/json.hpp"
#include "tests/model/test_model.h"
#include "tests/temporary_folder.h"

namespace rill {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

uint64_t HeaderLength(const std::string& bytes) {
  uint64_t length;
  std::memcpy(&length, bytes.data(), sizeof length);
  return length;
}

std::string Join(const json& header, const std::string& data) {
  const std::string text = header.dump();
  const uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + text + data;
}

class ModelFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(WriteTestModel(folder_ / "good.safetensors").ok());
    good_ = ReadAll(folder_ / "good.safetensors");
    const uint64_t length = HeaderLength(good_);
    header_ = json::parse(good_.substr(8, length));
    data_ = good_.substr(8 + length);
  }

  absl::Status OpenBytes(const std::string& bytes) {
    const std::string path = folder_ / "changed.safetensors";
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    return ModelFile::Open(path).status();
  }

  // The error of the good file with its header changed; "" if there is none.
  std::string ErrorAfter(const std::function<void(json&)>& change) {
    json header = header_;
    change(header);
    return std::string(OpenBytes(Join(header, data_)).message());
  }

  TemporaryFolder folder_;
  std::string good_;
  json header_;
  std::string data_;
};

TEST_F(ModelFileTest, WhatIsWrittenIsRead) {
  const ModelConfig config = TinyModelConfig();
  const std::vector<NamedTensor> tensors = RandomTensors(config, 7);
  const std::string path = folder_ / "float.safetensors";
  ASSERT_TRUE(
      WriteModelFile(path, config, {{"rill.language", "en"}}, tensors, MatrixType::kFloat).ok());
  const auto file = ModelFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ((*file)->config().ToJson(), config.ToJson());
  EXPECT_EQ((*file)->name(), "float");
  EXPECT_EQ((*file)->metadata().at("rill.language"), "en");
  EXPECT_EQ((*file)->hash().size(), 64u);
  for (const NamedTensor& tensor : tensors) {
    EXPECT_EQ((*file)->Tensor(tensor.name), tensor.values) << tensor.name;
  }
  EXPECT_TRUE((*file)->Tensor("nothing").empty());
}

TEST_F(ModelFileTest, MetadataCanBeSetAndAllElseStays) {
  const std::string path = folder_ / "set.safetensors";
  ASSERT_TRUE(WriteTestModel(path).ok());
  const auto before = ModelFile::Open(path);
  ASSERT_TRUE(before.ok());
  const std::string value(1000, 'x');
  ASSERT_TRUE(SetModelMetadata(path, "rill.description", value).ok());
  ASSERT_TRUE(SetModelMetadata(path, "new", "\"quoted\"").ok());
  const auto after = ModelFile::Open(path);
  ASSERT_TRUE(after.ok()) << after.status();
  auto metadata = (*before)->metadata();
  metadata["rill.description"] = value;
  metadata["new"] = "\"quoted\"";
  EXPECT_EQ((*after)->metadata(), metadata);
  EXPECT_NE((*after)->hash(), (*before)->hash());
  for (const NamedTensor& tensor : RandomTensors(TinyModelConfig(), 1)) {
    EXPECT_EQ((*after)->Tensor(tensor.name), (*before)->Tensor(tensor.name));
  }
  EXPECT_FALSE(SetModelMetadata(path, "new", "\xff").ok());
  EXPECT_FALSE(SetModelMetadata(folder_ / "none", "new", "").ok());
}

TEST_F(ModelFileTest, MatricesAreRoundedToBfloat16AndTheRestIsNot) {
  const auto file = ModelFile::Open(folder_ / "good.safetensors");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ((*file)->name(), "test-model");
  const std::vector<TensorSpec> specs = ModelTensors((*file)->config());
  const std::vector<NamedTensor> tensors = RandomTensors((*file)->config(), 1);
  for (size_t i = 0; i < specs.size(); ++i) {
    const std::vector<float> read = (*file)->Tensor(specs[i].name);
    ASSERT_EQ(read.size(), tensors[i].values.size());
    EXPECT_EQ(header_[specs[i].name]["dtype"], specs[i].matrix ? "BF16" : "F32");
    for (size_t k = 0; k < read.size(); ++k) {
      const float wanted = tensors[i].values[k];
      EXPECT_NEAR(read[k], wanted, specs[i].matrix ? std::abs(wanted) / 256 : 0) << specs[i].name;
    }
  }
}

TEST_F(ModelFileTest, MatricesOfInt8AreWithinHalfAStepOfTheirRow) {
  const ModelConfig config = TinyModelConfig();
  std::vector<NamedTensor> tensors = RandomTensors(config, 7);
  const std::vector<TensorSpec> specs = ModelTensors(config);
  bool zeroed = false;
  for (size_t i = 0; i < specs.size() && !zeroed; ++i) {
    zeroed = specs[i].matrix;  // a row of nothing, in the first matrix
    if (zeroed)
      std::fill_n(tensors[i].values.begin(), tensors[i].values.size() / specs[i].shape[0], 0.0f);
  }
  const std::string path = folder_ / "int8.safetensors";
  ASSERT_TRUE(WriteModelFile(path, config, {}, tensors, MatrixType::kInt8).ok());
  const auto file = ModelFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status();
  for (size_t i = 0; i < specs.size(); ++i) {
    const std::vector<float> read = (*file)->Tensor(specs[i].name), &wanted = tensors[i].values;
    ASSERT_EQ(read.size(), wanted.size());
    const size_t columns = wanted.size() / specs[i].shape[0];
    for (size_t k = 0; k < read.size(); k += columns) {
      float largest = 0;
      for (size_t c = 0; c < columns; ++c) largest = std::max(largest, std::abs(wanted[k + c]));
      const float step = specs[i].matrix ? largest / 127 : 0;
      for (size_t c = 0; c < columns; ++c) {
        ASSERT_NEAR(read[k + c], wanted[k + c], 0.501f * step) << specs[i].name;
      }
    }
  }
}

TEST_F(ModelFileTest, Int8WithoutItsRowScalesIsRefused) {
  const std::string path = folder_ / "int8.safetensors";
  const ModelConfig config = TinyModelConfig();
  ASSERT_TRUE(WriteModelFile(path, config, {}, RandomTensors(config, 1), MatrixType::kInt8).ok());
  const std::string bytes = ReadAll(path);
  const uint64_t length = HeaderLength(bytes);
  const json header = json::parse(bytes.substr(8, length));
  const std::string data = bytes.substr(8 + length);
  const std::string scale = "blocks.0.ffn1.up.weight.row_scale";
  ASSERT_TRUE(header.contains(scale));
  const auto error = [&](const auto& change) {
    json changed = header;
    change(changed);
    return std::string(OpenBytes(Join(changed, data)).message());
  };
  EXPECT_EQ(error([](json& header) {}), "");
  const auto refused = HasSubstr("\"blocks.0.ffn1.up.weight.row_scale\" must be F32, [");
  EXPECT_THAT(error([&](json& header) {
                json entry = header[scale];
                header.erase(scale);
                header["other"] = entry;
              }),
              refused);
  EXPECT_THAT(error([&](json& header) {
                const int64_t count = header[scale]["shape"][0];
                header[scale]["shape"] = {1, count};
              }),
              refused);
  EXPECT_THAT(error([&](json& header) {
                const int64_t count = header[scale]["shape"][0];
                header[scale]["dtype"] = "BF16";
                header[scale]["shape"] = {2 * count};
              }),
              refused);
}

TEST_F(ModelFileTest, RowScalesOfWhatIsNotInt8AreRefused) {
  json header = header_;
  const size_t end = data_.size();
  header["head.bias.row_scale"] = {
      {"dtype", "F32"}, {"shape", {1}}, {"data_offsets", {end, end + 4}}};
  EXPECT_THAT(std::string(OpenBytes(Join(header, data_ + std::string(4, 0))).message()),
              HasSubstr("\"head.bias.row_scale\" does not belong to this model"));
}

TEST_F(ModelFileTest, HalvesAndUnalignedTensorsAreRead) {
  // head.bias as F16, put first, and no padding after the header: the floats behind it are not
  // aligned.
  const auto good = ModelFile::Open(folder_ / "good.safetensors");
  const int64_t old_begin = header_["head.bias"]["data_offsets"][0];
  const int64_t old_end = header_["head.bias"]["data_offsets"][1];
  const int64_t count = (old_end - old_begin) / 4;
  json header = header_;
  for (auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    for (json& offset : entry["data_offsets"]) {
      offset = offset.get<int64_t>() + 2 * count - (offset >= old_end ? 4 * count : 0);
    }
  }
  header["head.bias"]["dtype"] = "F16";
  header["head.bias"]["data_offsets"] = {0, 2 * count};
  std::string data;
  for (int64_t i = 0; i < count; ++i) {
    const uint16_t half = i % 2 ? 0x3C00 : 0x8001;  // 1 and the least negative subnormal
    data += static_cast<char>(half & 255);
    data += static_cast<char>(half >> 8);
  }
  data += data_.substr(0, old_begin) + data_.substr(old_end);
  const absl::Status status = OpenBytes(Join(header, data));
  ASSERT_TRUE(status.ok()) << status;
  const auto file = ModelFile::Open(folder_ / "changed.safetensors");
  const std::vector<float> bias = (*file)->Tensor("head.bias");
  EXPECT_EQ(bias[1], 1.0f);
  EXPECT_EQ(bias[0], -std::ldexp(1.0f, -24));
  EXPECT_EQ((*file)->Tensor("final_norm"), (*good)->Tensor("final_norm"));
  EXPECT_EQ((*file)->Tensor("front.proj.weight"), (*good)->Tensor("front.proj.weight"));
}

TEST_F(ModelFileTest, HashIsOfTheWholeFile) {
  ASSERT_TRUE(WriteTestModel(folder_ / "same.safetensors").ok());
  ASSERT_TRUE(WriteTestModel(folder_ / "other.safetensors", TinyModelConfig(), 2).ok());
  const auto hash = [this](const char* name) { return (*ModelFile::Open(folder_ / name))->hash(); };
  EXPECT_EQ(hash("good.safetensors"), hash("same.safetensors"));
  EXPECT_NE(hash("good.safetensors"), hash("other.safetensors"));
}

TEST_F(ModelFileTest, WhatIsNotAFileIsNamed) {
  EXPECT_EQ(ModelFile::Open(folder_ / "none").status().code(), absl::StatusCode::kNotFound);
  const absl::Status folder = ModelFile::Open(folder_ / ".").status();
  EXPECT_THAT(std::string(folder.message()), HasSubstr("not a regular file"));
  EXPECT_EQ(OpenBytes("").code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ModelFileTest, WriterChecksWhatTheReaderChecks) {
  const ModelConfig config = TinyModelConfig();
  const std::string path = folder_ / "refused.safetensors";
  const auto error = [&](const std::function<void(std::vector<NamedTensor>&)>& change) {
    std::vector<NamedTensor> tensors = RandomTensors(config, 1);
    change(tensors);
    return std::string(WriteModelFile(path, config, {}, tensors, MatrixType::kBFloat16).message());
  };
  EXPECT_THAT(error([](auto& t) { t.pop_back(); }), HasSubstr("head.bias"));
  EXPECT_THAT(error([](auto& t) { t.push_back(t[3]); }), HasSubstr("given twice"));
  EXPECT_THAT(error([](auto& t) { t.push_back({"extra", {1}, {0}}); }), HasSubstr("extra"));
  EXPECT_THAT(error([](auto& t) { t[0].shape = {1}; }), HasSubstr("features.mean"));
  EXPECT_THAT(error([](auto& t) { t[0].values.pop_back(); }), HasSubstr("features.mean"));
  EXPECT_THAT(error([](auto& t) { t[1].values[2] = NAN; }), HasSubstr("features.inv_std"));
  EXPECT_FALSE(WriteModelFile(folder_ / "no/folder", config, {}, RandomTensors(config, 1),
                              MatrixType::kBFloat16)
                   .ok());
  EXPECT_FALSE(WriteModelFile(path, config, {{"rill.name", "\xFF"}}, RandomTensors(config, 1),
                              MatrixType::kBFloat16)
                   .ok());
  ModelConfig bad = config;
  bad.width = 7;
  EXPECT_FALSE(WriteModelFile(path, bad, {}, {}, MatrixType::kBFloat16).ok());
  EXPECT_EQ(ModelFile::Open(path).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ModelFileTest, ErrorsNameTheField) {
  const char* norm = "final_norm";
  const auto set = [&](const char* field, const json& value) {
    return ErrorAfter([&](json& h) { h[norm][field] = value; });
  };
  EXPECT_EQ(ErrorAfter([](json&) {}), "");
  for (const json& dtype : {json("F64"), json("f32"), json(1), json(nullptr)}) {
    EXPECT_THAT(set("dtype", dtype), HasSubstr("\"final_norm\": dtype"));
  }
  for (const json& shape :
       {json({0}), json({-1}), json({1.5}), json("32"), json(32),
        json({4294967296, 4294967296, 4294967296}), json({1, 1, 1, 1, 1, 1, 1, 1, 32})}) {
    EXPECT_THAT(set("shape", shape), HasSubstr("\"final_norm\": shape")) << shape;
  }
  EXPECT_THAT(set("shape", {33}), HasSubstr("\"final_norm\": data_offsets"));
  EXPECT_THAT(set("shape", {4, 8}), HasSubstr("\"final_norm\": shape must be [32]"));
  for (const json& offsets : {json({0}), json({8, 0}), json({-128, 0}), json("x"), json({0, 1e30}),
                              json({0, 18446744073709551615u}), json({0, 9007199254740992})}) {
    EXPECT_THAT(set("data_offsets", offsets), HasSubstr("\"final_norm\": data_offsets")) << offsets;
  }
  EXPECT_THAT(set("data_offsets", {0, 128}), HasSubstr("data_offsets begin"));  // overlaps
  EXPECT_THAT(set("extra", 1), HasSubstr("final_norm"));
  EXPECT_THAT(ErrorAfter([&](json& h) { h[norm].erase("shape"); }), HasSubstr("shape is missing"));
  EXPECT_THAT(ErrorAfter([&](json& h) { h[norm] = 3; }), HasSubstr("final_norm"));
  EXPECT_THAT(ErrorAfter([&](json& h) { h["renamed"] = h[norm], h.erase(norm); }),
              HasSubstr("\"final_norm\" is missing"));
}

TEST_F(ModelFileTest, MetadataIsChecked) {
  const auto set = [&](const char* key, const json& value) {
    return ErrorAfter([&](json& h) { h["__metadata__"][key] = value; });
  };
  const auto erase = [&](const char* key) {
    return ErrorAfter([&](json& h) { h["__metadata__"].erase(key); });
  };
  EXPECT_THAT(erase("rill.format"), HasSubstr("rill.format"));
  EXPECT_THAT(erase("rill.config"), HasSubstr("rill.config"));
  EXPECT_THAT(set("rill.format", "2"), HasSubstr("rill.format"));
  EXPECT_THAT(set("rill.config", "{}"), HasSubstr("sample_rate"));
  EXPECT_THAT(set("rill.name", 1), HasSubstr("rill.name"));
  EXPECT_EQ(set("somebody.else", "x"), "");
  EXPECT_THAT(ErrorAfter([](json& h) { h["__metadata__"] = 1; }), HasSubstr("__metadata__"));
  EXPECT_THAT(ErrorAfter([](json& h) { h.erase("__metadata__"); }), HasSubstr("rill.format"));
}

TEST_F(ModelFileTest, ExtraAndLeftOverBytesAreRefused) {
  EXPECT_THAT(std::string(OpenBytes(good_ + "x").message()), HasSubstr("header: the tensors end"));
  EXPECT_THAT(ErrorAfter([&](json& h) {
                h["extra"] = {{"dtype", "F32"}, {"shape", json::array()}, {"data_offsets", {0, 4}}};
              }),
              HasSubstr("data_offsets"));
  json header = header_;
  const size_t end = data_.size();
  header["extra"] = {{"dtype", "F32"}, {"shape", {1}}, {"data_offsets", {end, end + 4}}};
  EXPECT_THAT(std::string(OpenBytes(Join(header, data_ + "abcd")).message()),
              HasSubstr("\"extra\" does not belong"));
}

TEST_F(ModelFileTest, DuplicateKeysAreRefused) {
  std::string text = header_.dump();
  text.insert(1, "\"final_norm\":{\"dtype\":\"F32\",\"shape\":[32],\"data_offsets\":[0,128]},");
  const uint64_t length = text.size();
  const std::string bytes =
      std::string(reinterpret_cast<const char*>(&length), sizeof length) + text + data_;
  EXPECT_THAT(std::string(OpenBytes(bytes).message()), HasSubstr("\"final_norm\" is there twice"));
}

TEST_F(ModelFileTest, HostileHeadersAreRefused) {
  const auto open_text = [this](const std::string& text) {
    const uint64_t length = text.size();
    return OpenBytes(std::string(reinterpret_cast<const char*>(&length), sizeof length) + text);
  };
  EXPECT_THAT(std::string(open_text(std::string(1 << 20, '[')).message()), HasSubstr("header"));
  std::string nested;
  for (int i = 0; i < 100000; ++i) nested += "{\"a\":";
  EXPECT_THAT(std::string(open_text(nested).message()), HasSubstr("header"));
  EXPECT_THAT(std::string(open_text("[]").message()), HasSubstr("header"));
  EXPECT_THAT(std::string(open_text("{\"a\":\"\xFF\"}").message()), HasSubstr("header"));
  EXPECT_THAT(std::string(OpenBytes(std::string(8, '\xFF')).message()), HasSubstr("header"));
  EXPECT_THAT(std::string(open_text("{}").message()), HasSubstr("rill.format"));
}

TEST_F(ModelFileTest, ValuesThatAreNotFiniteAreRefused) {
  const int64_t at = header_["blocks.1.ffn2.down.weight"]["data_offsets"][1].get<int64_t>() - 2;
  for (const uint16_t bits : {0x7F80, 0xFF80, 0x7FC0}) {
    std::string data = data_;
    std::memcpy(data.data() + at, &bits, sizeof bits);
    EXPECT_THAT(std::string(OpenBytes(Join(header_, data)).message()),
                HasSubstr("\"blocks.1.ffn2.down.weight\""));
  }
}

TEST_F(ModelFileTest, EveryTruncationIsAnError) {
  const size_t header_end = good_.size() - data_.size();
  for (size_t length = 0; length < good_.size();
       length += length < 16 || (length > header_end - 70 && length < header_end + 8) ? 1 : 397) {
    EXPECT_FALSE(OpenBytes(good_.substr(0, length)).ok()) << length;
  }
  EXPECT_FALSE(OpenBytes(good_.substr(0, good_.size() - 1)).ok());
}

// Any byte of the header may become any other: an error or a model, never a crash. Parsed in
// memory, so that many can be tried; a share of them goes the whole way.
TEST_F(ModelFileTest, MutatedHeadersNeverCrash) {
  std::mt19937 random(5);
  const size_t header_end = good_.size() - data_.size();
  std::string bytes = good_;
  int refused = 0;
  constexpr int kTries = 6000;
  for (int i = 0; i < kTries; ++i) {
    const int changes = 1 + static_cast<int>(random() % 3);
    for (int c = 0; c < changes; ++c) {
      static constexpr char kLikely[] = "0123456789-.e[]{}\",:\\";
      bytes[random() % header_end] =
          random() % 2 ? kLikely[random() % (sizeof kLikely - 1)] : static_cast<char>(random());
    }
    const auto parsed =
        ParseSafetensors({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
    if (!parsed.ok()) {
      EXPECT_FALSE(parsed.status().message().empty());
      ++refused;
    } else if (i % 4 == 0) {
      OpenBytes(bytes).IgnoreError();
    }
    bytes.replace(0, header_end, good_, 0, header_end);
  }
  EXPECT_GT(refused, kTries / 2);
}

TEST_F(ModelFileTest, MutatedFilesNeverCrash) {
  std::mt19937 random(6);
  for (int i = 0; i < 300; ++i) {
    std::string bytes = good_;
    for (int c = 0; c < 4; ++c) bytes[random() % bytes.size()] = static_cast<char>(random());
    if (random() % 4 == 0) bytes.erase(random() % bytes.size(), random() % 64);
    if (random() % 4 == 0)
      bytes.insert(random() % bytes.size(), std::string(random() % 64, '\x7F'));
    OpenBytes(bytes).IgnoreError();
  }
}

}  // namespace
}  // namespace rill
