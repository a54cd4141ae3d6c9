#include "model/training/data/feature_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/audio/audio_file.h"
#include "model/features/log_mel.h"
#include "model/file/sha256.h"
#include "model/progress_bar.h"

namespace rill::training {

// A file to be: one list at one speed.
struct FeatureCache::Target {
  double speed;
  std::string fingerprint;
  std::string path;
};

namespace {

namespace fs = std::filesystem;

// To be raised when LogMel or the reading of recordings changes what it computes.
constexpr int kFeatureVersion = 1;
constexpr int64_t kMaxNamed = 10;  // unreadable recordings of a list named in the log

// Held while files are made. Closing the descriptor unlocks.
class CacheLock {
 public:
  ~CacheLock() {
    if (fd_ >= 0) close(fd_);
  }

  absl::Status Take(const std::string& folder, const std::function<void(const std::string&)>& log) {
    const std::string path = (fs::path(folder) / "lock").string();
    fd_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd_ < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot create ", path));
    if (flock(fd_, LOCK_EX | LOCK_NB) == 0) return absl::OkStatus();
    log(absl::StrCat("waiting for another process that fills the cache ", folder));
    if (flock(fd_, LOCK_EX) == 0) return absl::OkStatus();
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot lock ", path));
  }

 private:
  int fd_ = -1;
};

// Features of one list on their way from the workers, who finish in any order, to the files.
class OrderedWriter {
 public:
  explicit OrderedWriter(std::vector<std::unique_ptr<FeatureFileWriter>> files)
      : files_(std::move(files)) {}

  // features: one array a file.
  absl::Status Add(int64_t recording, std::vector<std::vector<float>> features) {
    waiting_.emplace(recording, std::move(features));
    for (auto it = waiting_.begin(); it != waiting_.end() && it->first == next_; ++next_) {
      for (size_t i = 0; i < files_.size(); ++i) {
        if (absl::Status status = files_[i]->Add(it->second[i]); !status.ok()) return status;
      }
      it = waiting_.erase(it);
    }
    return absl::OkStatus();
  }

  absl::Status Finish() {
    for (auto& file : files_) {
      if (absl::Status status = file->Finish(); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  std::vector<std::unique_ptr<FeatureFileWriter>> files_;
  std::map<int64_t, std::vector<std::vector<float>>> waiting_;
  int64_t next_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<FeatureCache::Target>> FeatureCache::Targets(
    const RecordingList& list) const {
  std::string contents;
  for (const Recording& recording : list.recordings) {
    std::error_code error;
    const uintmax_t size = fs::file_size(recording.path, error);
    if (error) {
      return absl::NotFoundError(absl::StrCat(recording.origin,
                                              recording.origin.empty() ? "" : ": ", "cannot find ",
                                              recording.path, ": ", error.message()));
    }
    absl::StrAppend(&contents, recording.name, "\t", size, "\n");
  }
  std::vector<Target> targets;
  for (const double speed : list.speeds) {
    const std::string made =
        absl::StrFormat("%d %d Hz %d bins %.6g\n%s\n", kFeatureVersion, options_.sample_rate,
                        options_.mel_bins, speed, list.name);
    const std::string all = made + contents;
    const std::string fingerprint =
        Sha256Hex({reinterpret_cast<const uint8_t*>(all.data()), all.size()});
    const std::string file =
        absl::StrFormat("%s-%.6g-%s.features", list.name, speed, fingerprint.substr(0, 12));
    targets.push_back({speed, fingerprint, (fs::path(options_.folder) / file).string()});
  }
  return targets;
}

absl::StatusOr<std::vector<FeatureCache::Files>> FeatureCache::Open(
    const std::vector<RecordingList>& lists) const {
  std::error_code error;
  fs::create_directories(options_.folder, error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot make the cache folder ", options_.folder, ": ", error.message()));
  }
  CacheLock lock;
  if (absl::Status status = lock.Take(options_.folder, options_.log); !status.ok()) return status;

  std::vector<std::vector<Target>> targets(lists.size());
  std::vector<std::vector<Target>> missing(lists.size());
  double seconds = 0;  // that are missing
  bool complete = true;
  for (size_t i = 0; i < lists.size(); ++i) {
    absl::StatusOr<std::vector<Target>> wanted = Targets(lists[i]);
    if (!wanted.ok()) return wanted.status();
    targets[i] = *std::move(wanted);
    for (const Target& target : targets[i]) {
      if (!FeatureFile::Open(target.path, target.fingerprint).ok()) missing[i].push_back(target);
    }
    if (missing[i].empty()) continue;
    complete = false;
    for (const Recording& recording : lists[i].recordings) seconds += recording.seconds;
  }
  if (!complete) {
    ProgressBar progress(absl::StrFormat("features of %.1f h", seconds / 3600), seconds,
                         options_.progress);
    for (size_t i = 0; i < lists.size(); ++i) {
      if (missing[i].empty()) continue;
      if (absl::Status status = Fill(lists[i], missing[i], &progress); !status.ok()) return status;
    }
  }
  std::vector<Files> files(lists.size());
  for (size_t i = 0; i < lists.size(); ++i) {
    for (const Target& target : targets[i]) {
      auto file = FeatureFile::Open(target.path, target.fingerprint);
      if (!file.ok()) return file.status();
      files[i].push_back(*std::move(file));
    }
  }
  return files;
}

absl::Status FeatureCache::Fill(const RecordingList& list, const std::vector<Target>& targets,
                                ProgressBar* progress) const {
  std::vector<std::unique_ptr<FeatureFileWriter>> files;
  for (const Target& target : targets) {
    auto file = FeatureFileWriter::Create(target.path, target.fingerprint, options_.mel_bins);
    if (!file.ok()) return file.status();
    files.push_back(*std::move(file));
  }
  OrderedWriter writer(std::move(files));

  std::mutex mutex;  // of all below
  const int64_t count = static_cast<int64_t>(list.recordings.size());
  int64_t next = 0, unreadable = 0;
  absl::Status status;

  const auto work = [&] {
    std::vector<std::unique_ptr<LogMel>> log_mels;
    for (const Target& target : targets) {
      log_mels.push_back(std::make_unique<LogMel>(
          LogMelOptions{options_.sample_rate, options_.mel_bins, target.speed}));
    }
    std::unique_lock<std::mutex> lock(mutex);
    while (status.ok() && next < count) {
      const int64_t i = next++;
      const Recording& recording = list.recordings[i];
      lock.unlock();
      const auto samples = ReadAudioFileAt(recording.path, options_.sample_rate);
      std::vector<std::vector<float>> features(targets.size());
      for (size_t k = 0; samples.ok() && k < targets.size(); ++k) {
        log_mels[k]->Accept(*samples, &features[k]);
        log_mels[k]->Reset();
      }
      lock.lock();
      progress->Add(recording.seconds);
      if (!samples.ok()) {
        ++unreadable;
        const std::string what = absl::StrCat(
            recording.origin, recording.origin.empty() ? "" : ": ", samples.status().message());
        if (unreadable <= kMaxNamed) options_.log(absl::StrCat("left out: ", what));
        if (unreadable > 1 && unreadable * 100 > count) {
          status = absl::InvalidArgumentError(absl::StrCat(
              list.name, ": more than one recording in a hundred cannot be read: ", what));
        }
      }
      if (status.ok()) status = writer.Add(i, std::move(features));
    }
  };
  std::vector<std::thread> workers;
  for (int i = 1; i < options_.workers; ++i) workers.emplace_back(work);
  work();
  for (std::thread& worker : workers) worker.join();
  if (!status.ok()) return status;
  return writer.Finish();
}

}  // namespace rill::training
