#include "client/text/utf8.h"

#include <algorithm>
#include <iterator>

namespace rill::client {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr char32_t kEllipsis = 0x2026;

struct Range {
  char32_t first, last;
};
// Unicode's East Asian Width W and F, in blocks; emoji included.
constexpr Range kWide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},  {0x3041, 0xA4CF},
                           {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},  {0xFE30, 0xFE6F},
                           {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},  {0x1F300, 0x1F64F},
                           {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
constexpr Range kNoWidth[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},
                              {0x0610, 0x061A}, {0x064B, 0x065F}, {0x1AB0, 0x1AFF},
                              {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x20D0, 0x20FF},
                              {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}};

template <size_t N>
bool In(const Range (&ranges)[N], char32_t code_point) {
  return std::any_of(std::begin(ranges), std::end(ranges), [code_point](const Range& range) {
    return code_point >= range.first && code_point <= range.last;
  });
}

bool IsControl(char32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0) || code_point == 0x2028 ||
         code_point == 0x2029 || (code_point >= 0x202A && code_point <= 0x202E) ||
         (code_point >= 0x2066 && code_point <= 0x2069);
}

}  // namespace

std::vector<char32_t> DecodeUtf8(const std::string& text) {
  std::vector<char32_t> code_points;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const int length = lead < 0x80             ? 1
                       : (lead & 0xE0) == 0xC0 ? 2
                       : (lead & 0xF0) == 0xE0 ? 3
                       : (lead & 0xF8) == 0xF0 ? 4
                                               : 0;
    char32_t code_point = length == 1 ? lead : lead & (0x7F >> length);
    bool valid = length > 0 && i + length <= text.size();
    for (int k = 1; valid && k < length; ++k) {
      const auto byte = static_cast<unsigned char>(text[i + k]);
      valid = (byte & 0xC0) == 0x80;
      code_point = code_point << 6 | (byte & 0x3F);
    }
    constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};  // shorter forms are not valid
    valid = valid && code_point >= kSmallest[length] && code_point <= 0x10FFFF &&
            (code_point < 0xD800 || code_point > 0xDFFF);
    code_points.push_back(valid ? code_point : kReplacement);
    i += valid ? length : 1;
  }
  return code_points;
}

std::string EncodeUtf8(const std::vector<char32_t>& code_points) {
  std::string text;
  for (char32_t c : code_points) {
    if (c < 0x80) {
      text += static_cast<char>(c);
      continue;
    }
    const int tail = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;  // bytes after the first
    text += static_cast<char>((0xF0 << (3 - tail)) | (c >> (6 * tail)));
    for (int k = tail - 1; k >= 0; --k) text += static_cast<char>(0x80 | ((c >> (6 * k)) & 0x3F));
  }
  return text;
}

std::string Printable(const std::string& text) {
  std::vector<char32_t> code_points = DecodeUtf8(text);
  std::replace_if(code_points.begin(), code_points.end(), IsControl, U' ');
  return EncodeUtf8(code_points);
}

int Columns(char32_t code_point) {
  return In(kWide, code_point) ? 2 : In(kNoWidth, code_point) ? 0 : 1;
}

int Columns(const std::string& text) {
  int columns = 0;
  for (char32_t code_point : DecodeUtf8(text)) columns += Columns(code_point);
  return columns;
}

std::string KeepEnd(const std::string& text, int columns) {
  if (Columns(text) <= columns) return text;
  if (columns < 1) return "";
  const std::vector<char32_t> code_points = DecodeUtf8(text);
  size_t first = code_points.size();
  for (int left = columns - 1; first > 0; --first) {
    left -= Columns(code_points[first - 1]);
    if (left < 0) break;
  }
  while (first < code_points.size() && Columns(code_points[first]) == 0) ++first;
  std::vector<char32_t> kept = {kEllipsis};
  kept.insert(kept.end(), code_points.begin() + first, code_points.end());
  return EncodeUtf8(kept);
}

}  // namespace rill::client
