// The log-mel features of a list of recordings at one speed, as 16-bit floats in one file, mapped
// into memory. Written once, in the recordings' order: the same recordings make the same bytes.
//
// Layout, little-endian: [frames, mel_bins] of all recordings; padding to 8 bytes; for each
// recording {int64 first frame, int32 frames, float log energy}; for each bin double sum; for each
// bin double sum of squares; the trailer (feature_file.cc).
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/file/mapped_file.h"

namespace rill::training {

// One recording's features. Lives as long as its FeatureFile.
struct FeatureView {
  const uint16_t* values;  // [frames, mel_bins] binary16
  int64_t frames;          // of 10 ms; 0 if the recording could not be read or is too short
  float log_energy;        // natural log of the mean of e^value over frames and bins
};

// Sums over a file's frames, for FeatureStatistics.
struct FeatureSums {
  std::vector<double> sum;      // [mel_bins]
  std::vector<double> squares;  // [mel_bins]
  int64_t frames = 0;

  FeatureSums& operator+=(const FeatureSums& other);
};

// Immutable; any thread.
class FeatureFile {
 public:
  // `fingerprint` (64 characters) says what is in the file. NotFound if there is no such file;
  // DataLoss if it is another's, of another version or damaged.
  static absl::StatusOr<std::unique_ptr<FeatureFile>> Open(const std::string& path,
                                                           const std::string& fingerprint);

  int64_t size() const { return static_cast<int64_t>(index_.size()); }
  int64_t mel_bins() const { return mel_bins_; }
  const FeatureSums& sums() const { return sums_; }
  FeatureView Get(int64_t recording) const;

 private:
  struct Entry {
    int64_t first;
    int32_t frames;
    float log_energy;
  };
  struct Trailer;
  friend class FeatureFileWriter;

  std::unique_ptr<MappedFile> file_;
  int64_t mel_bins_ = 0;
  std::vector<Entry> index_;
  FeatureSums sums_;
};

// One thread at a time. A file not finished is deleted.
class FeatureFileWriter {
 public:
  static absl::StatusOr<std::unique_ptr<FeatureFileWriter>> Create(const std::string& path,
                                                                   const std::string& fingerprint,
                                                                   int64_t mel_bins);
  ~FeatureFileWriter();

  // The next recording: [frames, mel_bins], maybe none.
  absl::Status Add(absl::Span<const float> values);

  // Gives the file its name.
  absl::Status Finish();

 private:
  FeatureFileWriter(const std::string& path, const std::string& fingerprint, int64_t mel_bins);
  absl::Status Write(const void* data, size_t bytes);

  std::string path_;
  std::string part_;  // its name while it is written
  std::string fingerprint_;
  int64_t mel_bins_;
  std::FILE* file_ = nullptr;
  std::vector<uint16_t> halves_;
  std::vector<FeatureFile::Entry> index_;
  FeatureSums sums_;
};

}  // namespace rill::training
