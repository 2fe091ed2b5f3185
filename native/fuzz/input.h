/** A fuzzer's bytes as a sequence of choices. */
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::fuzz {

class Input {
 public:
  Input(const uint8_t* data, size_t size) : at_(data), left_(size) {}

  bool empty() const { return left_ == 0; }

  uint8_t byte() {
    if (left_ == 0) return 0;
    left_--;
    return *at_++;
  }

  uint32_t word() {
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) value = value << 8 | byte();
    return value;
  }

  uint32_t below(uint32_t limit) { return limit == 0 ? 0 : word16() % limit; }

  /** Mostly a number that makes sense, now and then any. */
  uint32_t near(uint32_t limit) { return (byte() & 7) == 0 ? word() : below(limit + 2); }

  std::vector<uint8_t> bytes(size_t count) {
    const size_t taken = std::min(count, left_);
    std::vector<uint8_t> result(at_, at_ + taken);
    at_ += taken;
    left_ -= taken;
    result.resize(count);
    return result;
  }

 private:
  uint32_t word16() { return static_cast<uint32_t>(byte()) << 8 | byte(); }

  const uint8_t* at_;
  size_t left_;
};

}  // namespace millrace::fuzz
