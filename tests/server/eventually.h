// Waiting in tests for what another thread does.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace rill::server {

// Waits until `condition` holds; false if it does not after as long as the slowest machine may
// need.
inline bool Eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace rill::server
