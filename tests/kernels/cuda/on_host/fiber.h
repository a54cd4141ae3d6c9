// A thread of the model of CUDA's execution: a function on a stack of its own, which runs until it
// yields and is resumed later. x86-64, System V calling convention. All fibers belong to one
// operating system thread.
#pragma once

#include <cstddef>

namespace rill::cuda_on_host {

class Fiber {
 public:
  using Entry = void (*)();

  Fiber();
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // The next Resume begins `entry` anew, whatever the fiber did before.
  void Start(Entry entry);

  // Runs the fiber until it yields (true) or its entry returns (false). Not from inside a fiber.
  bool Resume();

  // Back to whoever resumed the running fiber.
  static void Yield();

 private:
  [[noreturn]] static void Run();
  static void SwitchToResumer(void** fake_stack);

  char* const stack_;  // the lowest page is a guard
  void* stack_pointer_ = nullptr;
  void* fake_stack_ = nullptr;  // AddressSanitizer's
  Entry entry_ = nullptr;
  bool done_ = true;
};

}  // namespace rill::cuda_on_host
