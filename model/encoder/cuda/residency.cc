#include "model/encoder/cuda/residency.h"

#include <utility>

namespace rill::cuda {
namespace {

int TakeLast(std::vector<int>* slots) {
  const int slot = slots->back();
  slots->pop_back();
  return slot;
}

// The lowest is taken first.
std::vector<int> AllSlots(int count) {
  std::vector<int> slots;
  for (int slot = count; slot > 0; --slot) slots.push_back(slot - 1);
  return slots;
}

}  // namespace

Residency::Residency(int streams, int device_slots)
    : device_slots_(device_slots),
      host_slots_(streams > device_slots ? streams - device_slots + 1 : 0),
      places_(static_cast<size_t>(streams)),
      free_device_slots_(AllSlots(device_slots)),
      free_host_slots_(AllSlots(host_slots_)) {}

std::vector<Residency::Move> Residency::Bring(absl::Span<const int> streams) {
  // First those that are there: none of them may make room for another.
  for (const int stream : streams) {
    const Place& place = places_[stream];
    if (place.device_slot >= 0) by_age_.splice(by_age_.end(), by_age_, place.age);
  }
  std::vector<Move> moves;
  for (const int stream : streams) {
    Place& place = places_[stream];
    if (place.device_slot >= 0) continue;
    if (free_device_slots_.empty()) {
      Place& oldest = places_[by_age_.front()];
      by_age_.pop_front();
      oldest.host_slot = TakeLast(&free_host_slots_);
      moves.push_back({Move::Kind::kOut, oldest.device_slot, oldest.host_slot});
      free_device_slots_.push_back(std::exchange(oldest.device_slot, -1));
    }
    place.device_slot = TakeLast(&free_device_slots_);
    place.age = by_age_.insert(by_age_.end(), stream);
    if (place.host_slot < 0) {
      moves.push_back({Move::Kind::kStart, place.device_slot, -1});
    } else {
      moves.push_back({Move::Kind::kIn, place.device_slot, place.host_slot});
      free_host_slots_.push_back(std::exchange(place.host_slot, -1));
    }
  }
  return moves;
}

void Residency::Forget(int stream) {
  Place& place = places_[stream];
  if (place.device_slot >= 0) {
    by_age_.erase(place.age);
    free_device_slots_.push_back(std::exchange(place.device_slot, -1));
  }
  if (place.host_slot >= 0) free_host_slots_.push_back(std::exchange(place.host_slot, -1));
}

}  // namespace rill::cuda
