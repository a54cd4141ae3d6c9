#include "tests/kernels/cuda/on_host/fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <new>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

// Saves the callee's registers on this stack and goes on where another stack was left.
extern "C" void rill_switch_stack(void** save, void* go_on);
asm(R"(
.text
.type rill_switch_stack, @function
rill_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size rill_switch_stack, .-rill_switch_stack
)");

namespace rill::cuda_on_host {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kStackBytes = 32 * kPage;
constexpr int kSavedRegisters = 6;

Fiber* running = nullptr;
void* resumer_pointer = nullptr;
const void* resumer_stack = nullptr;
size_t resumer_stack_bytes = 0;

void BeginSwitch(void** fake_stack, const void* to, size_t bytes) {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_start_switch_fiber(fake_stack, to, bytes);
#endif
}

void EndSwitch(void* fake_stack, const void** from, size_t* bytes) {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(fake_stack, from, bytes);
#endif
}

char* MapStack() {
  void* stack = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (stack == MAP_FAILED || mprotect(stack, kPage, PROT_NONE) != 0) throw std::bad_alloc();
  return static_cast<char*>(stack);
}

}  // namespace

Fiber::Fiber() : stack_(MapStack()) {}

Fiber::~Fiber() { munmap(stack_, kStackBytes); }

void Fiber::Start(Entry entry) {
  entry_ = entry;
  done_ = false;
  fake_stack_ = nullptr;
#ifdef __SANITIZE_ADDRESS__
  __asan_unpoison_memory_region(stack_ + kPage, kStackBytes - kPage);
#endif
  // As if Run had been called, and had switched away before its first instruction: the registers,
  // Run as the address to return to, and its own return address, which is never used.
  void** top = reinterpret_cast<void**>(stack_ + kStackBytes);
  top[-1] = nullptr;
  top[-2] = reinterpret_cast<void*>(&Fiber::Run);
  stack_pointer_ = top - 2 - kSavedRegisters;
}

bool Fiber::Resume() {
  running = this;
  void* fake_stack = nullptr;
  BeginSwitch(&fake_stack, stack_ + kPage, kStackBytes - kPage);
  rill_switch_stack(&resumer_pointer, stack_pointer_);
  EndSwitch(fake_stack, nullptr, nullptr);
  running = nullptr;
  return !done_;
}

void Fiber::SwitchToResumer(void** fake_stack) {
  BeginSwitch(fake_stack, resumer_stack, resumer_stack_bytes);
  rill_switch_stack(&running->stack_pointer_, resumer_pointer);
}

void Fiber::Yield() {
  Fiber* const self = running;
  SwitchToResumer(&self->fake_stack_);
  EndSwitch(self->fake_stack_, &resumer_stack, &resumer_stack_bytes);
}

void Fiber::Run() {
  EndSwitch(nullptr, &resumer_stack, &resumer_stack_bytes);
  running->entry_();
  running->done_ = true;
  SwitchToResumer(nullptr);
  std::abort();  // a fiber that is done is not resumed
}

}  // namespace rill::cuda_on_host
