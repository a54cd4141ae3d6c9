// Holds what every source file includes against the table of rooms in docs/architecture.md.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace rill {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = RILL_SOURCE_DIR;

// Of each room of the table, as it is written there but for an ending "/" or ".h", those that it
// may include.
using Rooms = std::map<std::string, std::set<std::string>>;

std::vector<std::string> RoomsIn(const std::string& cell) {
  static const std::regex code("`([^`]+)`");
  std::vector<std::string> rooms;
  for (std::sregex_iterator it(cell.begin(), cell.end(), code), end; it != end; ++it) {
    const fs::path room = it->str(1);
    rooms.push_back(room.has_filename() ? fs::path(room).replace_extension() : room.parent_path());
  }
  return rooms;
}

Rooms ReadTable() {
  std::ifstream file(kRoot / "docs/architecture.md");
  Rooms rooms;
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("| `", 0) != 0) continue;
    std::vector<std::string> cells;
    std::istringstream row(line.substr(1));
    for (std::string cell; std::getline(row, cell, '|');) cells.push_back(cell);
    if (cells.size() != 3) continue;
    const std::vector<std::string> others = RoomsIn(cells[2]);
    for (const std::string& room : RoomsIn(cells[0])) rooms[room] = {others.begin(), others.end()};
  }
  return rooms;
}

// The room of the longest name that the path lies in; empty if there is none.
std::string RoomOf(const Rooms& rooms, fs::path path) {
  for (path.replace_extension(); !path.empty(); path = path.parent_path()) {
    if (rooms.count(path.string()) > 0) return path.string();
  }
  return "";
}

// The files that `file` includes, relative to the repository's root; what is generated is the
// wire's, proto/.
std::vector<std::string> IncludesOf(const fs::path& file) {
  static const std::regex include("^#include \"([^\"]+)\"");
  std::ifstream in(file);
  std::vector<std::string> included;
  std::smatch match;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] != '#' || !std::regex_search(line, match, include)) continue;
    const std::string path = match.str(1);
    const bool wire = path.size() > 5 && path.compare(path.size() - 5, 5, ".pb.h") == 0;
    included.push_back(wire ? "proto/" + path : path);
  }
  return included;
}

TEST(ArchitectureTest, RoomsIncludeOnlyWhatTheTableAllows) {
  const Rooms rooms = ReadTable();
  ASSERT_GT(rooms.size(), 12u);
  const std::set<std::string> sources = {".h", ".cc", ".cu", ".cuh"};
  int files = 0;
  for (const char* top : {"kernels", "model", "server", "client"}) {
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / top)) {
      if (sources.count(entry.path().extension()) == 0) continue;
      ++files;
      const fs::path file = entry.path().lexically_relative(kRoot);
      const std::string room = RoomOf(rooms, file);
      ASSERT_NE(room, "") << file << " is in no room";
      for (const std::string& included : IncludesOf(entry.path())) {
        EXPECT_NE(included.rfind("tests/", 0), 0u) << file << " includes " << included;
        const std::string other = RoomOf(rooms, included);
        if (other.empty() || other == room) continue;
        EXPECT_TRUE(rooms.at(room).count(other) > 0)
            << file << " includes " << included << ", but " << room << " may not include " << other;
      }
    }
  }
  EXPECT_GT(files, 200);
}

TEST(ArchitectureTest, NoRoomIncludesItselfThroughOthers) {
  const Rooms rooms = ReadTable();
  for (const auto& [room, others] : rooms) {
    std::set<std::string> reached;
    std::vector<std::string> open(others.begin(), others.end());
    while (!open.empty()) {
      const std::string next = open.back();
      open.pop_back();
      ASSERT_EQ(rooms.count(next), 1u) << room << " may include " << next << ", which is no room";
      if (!reached.insert(next).second) continue;
      open.insert(open.end(), rooms.at(next).begin(), rooms.at(next).end());
    }
    EXPECT_EQ(reached.count(room), 0u) << room;
  }
}

TEST(ArchitectureTest, OnlyTheTrainersSeeLibTorch) {
  for (const char* top : {"kernels", "model", "server", "client"}) {
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / top)) {
      const std::string file = entry.path().lexically_relative(kRoot);
      const bool trainer =
          file.rfind("model/training/", 0) == 0 || file.rfind("model/paper/", 0) == 0;
      if (!entry.is_regular_file() || trainer) continue;
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);) {
        for (const char* torch : {"#include <torch/", "#include <ATen/", "#include <c10/"}) {
          EXPECT_NE(line.rfind(torch, 0), 0u) << file;
        }
      }
    }
  }
}

}  // namespace
}  // namespace rill
