#include "model/paper/generate/image_set.h"

#include <ATen/ATen.h>
#include <zlib.h>

#include <array>
#include <filesystem>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"

namespace rill::paper {
namespace {

constexpr uint32_t kImagesMagic = 0x803;  // unsigned bytes, three dimensions
constexpr int64_t kMaxSide = 4096;
constexpr int64_t kMaxImages = 10'000'000;

struct Closer {
  void operator()(gzFile_s* file) const { gzclose(file); }
};
using GzFile = std::unique_ptr<gzFile_s, Closer>;

bool ReadWhole(gzFile_s* file, void* data, int64_t bytes) {
  auto* out = static_cast<uint8_t*>(data);
  while (bytes > 0) {
    const int got = gzread(file, out, static_cast<unsigned>(std::min<int64_t>(bytes, 1 << 30)));
    if (got <= 0) return false;
    out += got;
    bytes -= got;
  }
  return true;
}

bool ReadHeader(gzFile_s* file, std::array<uint32_t, 4>& header) {
  uint8_t bytes[16];
  if (!ReadWhole(file, bytes, sizeof(bytes))) return false;
  for (int i = 0; i < 4; ++i) {
    const uint8_t* b = bytes + 4 * i;
    header[i] = uint32_t{b[0]} << 24 | uint32_t{b[1]} << 16 | uint32_t{b[2]} << 8 | b[3];
  }
  return true;
}

}  // namespace

absl::StatusOr<ImageSet> ReadImages(const std::string& path, int64_t shrink) {
  const auto wrong = [&](const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", what));
  };
  if (!std::filesystem::is_regular_file(path)) return absl::NotFoundError(path);
  const GzFile file(gzopen(path.c_str(), "rb"));
  if (file == nullptr) return absl::UnavailableError(absl::StrCat("cannot open ", path));
  std::array<uint32_t, 4> header;
  if (!ReadHeader(file.get(), header) || header[0] != kImagesMagic) {
    return wrong("no IDX file of images");
  }
  const int64_t count = header[1], rows = header[2], columns = header[3];
  if (count < 1 || count > kMaxImages || rows < 1 || rows > kMaxSide || columns < 1 ||
      columns > kMaxSide) {
    return wrong("number or size of images is out of range");
  }
  if (shrink < 1 || rows % shrink != 0 || columns % shrink != 0) {
    return wrong(absl::StrCat("images of ", rows, " x ", columns, " do not shrink by ", shrink));
  }
  // Image by image: a damaged header must not claim more memory than there is file.
  const int64_t r = rows / shrink, c = columns / shrink;
  std::vector<at::Tensor> images;
  at::Tensor image = at::empty({1, 1, rows, columns}, at::kByte);
  for (int64_t i = 0; i < count; ++i) {
    if (!ReadWhole(file.get(), image.data_ptr(), rows * columns)) return wrong("is cut off");
    images.push_back(
        at::avg_pool2d(image.to(at::kFloat), {shrink, shrink}).round().to(at::kByte).view({r * c}));
  }
  return ImageSet{at::stack(images), r, c};
}

}  // namespace rill::paper
