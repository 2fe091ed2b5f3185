/** What the batch sends remember between calls. */
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace {

/** sockaddr_in or sockaddr_in6, whichever, in a fixed room. */
constexpr size_t kAddressBytes = 28;

/**
 * Destinations for which the kernel refused UDP_SEGMENT: their interface cannot checksum, or their path's MTU is
 * below the segment. By destination, so that one odd path costs nobody else. A table without chains: a forgotten
 * destination costs one failed call more.
 */
class GsoRefusals {
 public:
  /** Whether this kernel knows UDP_SEGMENT at all (Linux 4.18); older ones would ignore it and send one huge datagram. */
  bool kernelHasGso(int fd);
  bool has(const uint8_t* address) const;
  void add(const uint8_t* address);

 private:
  static constexpr size_t kSlots = 1024;
  using Address = std::array<uint8_t, kAddressBytes>;

  static size_t slotOf(const uint8_t* address);

  enum class Kernel { unknown, yes, no } kernel_ = Kernel::unknown;
  std::vector<Address> slots_;  // empty until the first refusal
};

}  // namespace millrace
