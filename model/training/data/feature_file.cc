#include "model/training/data/feature_file.h"

#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "model/training/data/feature_math.h"

namespace rill::training {

struct FeatureFile::Trailer {
  char magic[8];
  int64_t version;
  int64_t mel_bins;
  int64_t recordings;
  int64_t frames;
  char fingerprint[64];
};

namespace {

constexpr char kMagic[8] = {'r', 'i', 'l', 'l', 'f', 'e', 'a', 't'};
constexpr int64_t kVersion = 1;
constexpr int64_t kMaxMelBins = 4096;

int64_t PaddedBytes(int64_t values) { return (2 * values + 7) / 8 * 8; }

// Reads `count` values at *at and moves *at behind them.
template <typename T>
std::vector<T> ReadValues(const uint8_t** at, int64_t count) {
  std::vector<T> values(static_cast<size_t>(count));
  if (count > 0) std::memcpy(values.data(), *at, values.size() * sizeof(T));
  *at += values.size() * sizeof(T);
  return values;
}

}  // namespace

FeatureSums& FeatureSums::operator+=(const FeatureSums& other) {
  sum.resize(other.sum.size());
  squares.resize(other.squares.size());
  for (size_t i = 0; i < sum.size(); ++i) {
    sum[i] += other.sum[i];
    squares[i] += other.squares[i];
  }
  frames += other.frames;
  return *this;
}

absl::StatusOr<std::unique_ptr<FeatureFile>> FeatureFile::Open(const std::string& path,
                                                               const std::string& fingerprint) {
  absl::StatusOr<std::unique_ptr<MappedFile>> mapped = MappedFile::Open(path);
  if (!mapped.ok()) return mapped.status();
  const auto damaged = [&path](const char* what) {
    return absl::DataLossError(absl::StrCat(path, ": ", what, "; delete it"));
  };
  const absl::Span<const uint8_t> bytes = (*mapped)->bytes();
  const int64_t size = static_cast<int64_t>(bytes.size());
  Trailer trailer;
  if (size < static_cast<int64_t>(sizeof trailer)) return damaged("no feature file");
  std::memcpy(&trailer, bytes.data() + size - sizeof trailer, sizeof trailer);
  if (std::memcmp(trailer.magic, kMagic, sizeof kMagic) != 0 || trailer.version != kVersion) {
    return damaged("no feature file, or of another version");
  }
  if (fingerprint.compare(0, std::string::npos, trailer.fingerprint, 64) != 0) {
    return damaged("holds other features than its name says");
  }
  // Bounds first, so that the products below cannot overflow.
  if (trailer.mel_bins < 1 || trailer.mel_bins > kMaxMelBins || trailer.frames < 0 ||
      trailer.frames > size || trailer.recordings < 0 || trailer.recordings > size) {
    return damaged("sizes out of range");
  }
  const int64_t data_bytes = PaddedBytes(trailer.frames * trailer.mel_bins);
  if (data_bytes + trailer.recordings * static_cast<int64_t>(sizeof(Entry)) +
          trailer.mel_bins * 2 * static_cast<int64_t>(sizeof(double)) +
          static_cast<int64_t>(sizeof trailer) !=
      size) {
    return damaged("has not the length its trailer says");
  }
  auto file = std::make_unique<FeatureFile>();
  const uint8_t* at = bytes.data() + data_bytes;
  file->mel_bins_ = trailer.mel_bins;
  file->index_ = ReadValues<Entry>(&at, trailer.recordings);
  file->sums_.sum = ReadValues<double>(&at, trailer.mel_bins);
  file->sums_.squares = ReadValues<double>(&at, trailer.mel_bins);
  file->sums_.frames = trailer.frames;
  for (const Entry& entry : file->index_) {
    if (entry.first < 0 || entry.frames < 0 || entry.first > trailer.frames - entry.frames) {
      return damaged("its index points outside");
    }
  }
  file->file_ = *std::move(mapped);
  return file;
}

FeatureView FeatureFile::Get(int64_t recording) const {
  const Entry& entry = index_[recording];
  const auto* values = reinterpret_cast<const uint16_t*>(file_->bytes().data());
  return {values + entry.first * mel_bins_, entry.frames, entry.log_energy};
}

FeatureFileWriter::FeatureFileWriter(const std::string& path, const std::string& fingerprint,
                                     int64_t mel_bins)
    : path_(path), part_(path + ".part"), fingerprint_(fingerprint), mel_bins_(mel_bins) {
  sums_.sum.resize(mel_bins);
  sums_.squares.resize(mel_bins);
}

FeatureFileWriter::~FeatureFileWriter() {
  if (file_ == nullptr) return;
  std::fclose(file_);
  std::remove(part_.c_str());
}

absl::StatusOr<std::unique_ptr<FeatureFileWriter>> FeatureFileWriter::Create(
    const std::string& path, const std::string& fingerprint, int64_t mel_bins) {
  std::unique_ptr<FeatureFileWriter> writer(new FeatureFileWriter(path, fingerprint, mel_bins));
  writer->file_ = std::fopen(writer->part_.c_str(), "wb");
  if (writer->file_ == nullptr) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot create ", writer->part_));
  }
  return writer;
}

absl::Status FeatureFileWriter::Write(const void* data, size_t bytes) {
  if (bytes == 0 || std::fwrite(data, 1, bytes, file_) == bytes) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", part_));
}

absl::Status FeatureFileWriter::Add(absl::Span<const float> values) {
  const int64_t size = static_cast<int64_t>(values.size());
  const int64_t frames = size / mel_bins_;
  if (frames > std::numeric_limits<int32_t>::max()) {
    return absl::InvalidArgumentError(absl::StrCat(path_, ": a recording of ", frames, " frames"));
  }
  const double mean = frames == 0 ? 1.0 : SumExp(size, values.data()) / static_cast<double>(size);
  index_.push_back(
      {sums_.frames, static_cast<int32_t>(frames), static_cast<float>(std::log(mean))});
  for (int64_t i = 0; i < size; i += mel_bins_) {
    for (int64_t bin = 0; bin < mel_bins_; ++bin) {
      const double value = values[i + bin];
      sums_.sum[bin] += value;
      sums_.squares[bin] += value * value;
    }
  }
  sums_.frames += frames;
  halves_.resize(values.size());
  FloatToHalf(size, values.data(), halves_.data());
  return Write(halves_.data(), 2 * halves_.size());
}

absl::Status FeatureFileWriter::Finish() {
  const int64_t values = sums_.frames * mel_bins_;
  const uint8_t zeros[8] = {};
  FeatureFile::Trailer trailer{};
  std::memcpy(trailer.magic, kMagic, sizeof kMagic);
  trailer.version = kVersion;
  trailer.mel_bins = mel_bins_;
  trailer.recordings = static_cast<int64_t>(index_.size());
  trailer.frames = sums_.frames;
  std::memcpy(trailer.fingerprint, fingerprint_.data(), std::min<size_t>(64, fingerprint_.size()));

  absl::Status status = Write(zeros, static_cast<size_t>(PaddedBytes(values) - 2 * values));
  status.Update(Write(index_.data(), index_.size() * sizeof index_[0]));
  status.Update(Write(sums_.sum.data(), sums_.sum.size() * sizeof(double)));
  status.Update(Write(sums_.squares.data(), sums_.squares.size() * sizeof(double)));
  status.Update(Write(&trailer, sizeof trailer));
  if (!status.ok()) return status;
  // A crash of the machine must not leave a named file without its contents.
  if (std::fflush(file_) != 0 || fsync(fileno(file_)) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", part_));
  }
  std::fclose(file_);
  file_ = nullptr;
  if (std::rename(part_.c_str(), path_.c_str()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot rename ", part_, " to ", path_));
  }
  return absl::OkStatus();
}

}  // namespace rill::training
