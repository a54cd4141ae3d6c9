// Text from a server, made fit for a terminal: its width in columns, cut without breaking a
// character, and without control characters. Pure functions; any thread. Any bytes are allowed in.
#pragma once

#include <string>
#include <vector>

namespace rill::client {

// Code points; a byte that is not UTF-8 gives U+FFFD.
std::vector<char32_t> DecodeUtf8(const std::string& text);
std::string EncodeUtf8(const std::vector<char32_t>& code_points);

// Valid UTF-8 on one line: control characters become spaces, so that text cannot steer the
// terminal.
std::string Printable(const std::string& text);

// Columns on a terminal: wide East Asian characters take two, combining marks none.
int Columns(char32_t code_point);
int Columns(const std::string& text);

// The end of `text` in at most `columns` columns, after "…" if something was left out.
std::string KeepEnd(const std::string& text, int columns);

}  // namespace rill::client
