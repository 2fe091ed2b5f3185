/** tcpSendBatch and udpSendBatch: one call into the addon, one system call per viewer. */
#include "send.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "instance.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

namespace millrace {

/** UDP_MAX_SEGMENTS of Linux up to 6.x; newer kernels take 128. */
static constexpr size_t kGsoSegmentsMax = 64;
/** One GSO send is one IP packet to the kernel: 64 KB with its headers. */
static constexpr size_t kGsoBytesMax = 65'000;

static bool offsetsInside(View<uint32_t> offsets, size_t count, size_t size) {
  if (offsets.size / 2 < count) return false;
  for (size_t i = 0; i < count; i++) {
    const uint32_t begin = offsets.data[2 * i];
    const uint32_t end = offsets.data[2 * i + 1];
    if (begin > end || end > size) return false;
  }
  return true;
}

// --- TCP

static int32_t sendOnce(int fd, const uint8_t* data, size_t size) {
  for (;;) {
    const ssize_t sent = send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<int32_t>(sent);
    if (errno != EINTR) return -errno;
  }
}

static napi_value tcpSendBatch(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const View<int32_t> fds = call.ints(0);
  const View<uint32_t> offsets = call.words(1);
  const size_t count = call.u32(2);
  const Bytes buffer = call.bytes(3);
  const View<int32_t> results = call.ints(4);
  if (!call.ok()) return nullptr;
  if (fds.size < count || results.size < count || !offsetsInside(offsets, count, buffer.size)) {
    return call.refuse("a table is shorter than its count, or an offset lies outside the buffer");
  }
  for (size_t i = 0; i < count; i++) {
    const uint32_t begin = offsets.data[2 * i];
    results.data[i] = sendOnce(fds.data[i], buffer.data + begin, offsets.data[2 * i + 1] - begin);
  }
  return call.undefined();
}

// --- UDP

bool GsoRefusals::kernelHasGso(int fd) {
  if (kernel_ == Kernel::unknown) {
    int segment = 0;
    socklen_t size = sizeof segment;
    kernel_ = getsockopt(fd, SOL_UDP, UDP_SEGMENT, &segment, &size) == 0 ? Kernel::yes : Kernel::no;
  }
  return kernel_ == Kernel::yes;
}

size_t GsoRefusals::slotOf(const uint8_t* address) {
  uint32_t hash = 2166136261;  // FNV-1a
  for (size_t i = 0; i < kAddressBytes; i++) hash = (hash ^ address[i]) * 16777619;
  return hash % kSlots;
}

bool GsoRefusals::has(const uint8_t* address) const {
  return !slots_.empty() && memcmp(slots_[slotOf(address)].data(), address, kAddressBytes) == 0;
}

void GsoRefusals::add(const uint8_t* address) {
  if (slots_.empty()) slots_.resize(kSlots);
  memcpy(slots_[slotOf(address)].data(), address, kAddressBytes);
}

/** 0 for what is no address. */
static socklen_t addressSize(const uint8_t* address) {
  sa_family_t family;
  memcpy(&family, address, sizeof family);
  if (family == AF_INET) return sizeof(sockaddr_in);
  return family == AF_INET6 ? sizeof(sockaddr_in6) : 0;
}

/** One viewer's datagrams: `size` bytes, cut into `segment`, only the last may be shorter. */
struct UdpRow {
  int fd;
  uint8_t* address;
  uint8_t* data;
  size_t size;
  size_t segment;
};

static msghdr messageTo(const UdpRow& row, iovec* slice) {
  msghdr message = {};
  message.msg_name = row.address;
  message.msg_namelen = addressSize(row.address);
  message.msg_iov = slice;
  message.msg_iovlen = 1;
  return message;
}

static ssize_t sendMessage(int fd, const msghdr& message) {
  ssize_t sent;
  do {
    sent = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : sent;
}

/** @returns bytes sent, or -errno when nothing was. */
static int32_t sendSegmented(const UdpRow& row) {
  const size_t perCall = std::min(kGsoSegmentsMax, std::max<size_t>(kGsoBytesMax / row.segment, 1));
  size_t done = 0;
  while (done < row.size) {
    iovec slice = {row.data + done, std::min(row.size - done, perCall * row.segment)};
    msghdr message = messageTo(row, &slice);
    alignas(cmsghdr) uint8_t control[CMSG_SPACE(sizeof(uint16_t))] = {};
    if (slice.iov_len > row.segment) {
      message.msg_control = control;
      message.msg_controllen = sizeof control;
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_UDP;
      header->cmsg_type = UDP_SEGMENT;
      header->cmsg_len = CMSG_LEN(sizeof(uint16_t));
      const uint16_t segment = static_cast<uint16_t>(row.segment);
      memcpy(CMSG_DATA(header), &segment, sizeof segment);
    }
    const ssize_t sent = sendMessage(row.fd, message);
    if (sent < 0) return static_cast<int32_t>(done > 0 ? static_cast<ssize_t>(done) : sent);
    done += static_cast<size_t>(sent);
  }
  return static_cast<int32_t>(done);
}

/** The same datagrams without GSO. @returns bytes sent, or -errno when nothing was. */
static int32_t sendSeparately(const UdpRow& row) {
  constexpr size_t perCall = 64;
  size_t done = 0;
  while (done < row.size) {
    mmsghdr messages[perCall];
    iovec slices[perCall];
    unsigned count = 0;
    for (size_t at = done; at < row.size && count < perCall; at += slices[count++].iov_len) {
      slices[count] = {row.data + at, std::min(row.size - at, row.segment)};
      messages[count] = {messageTo(row, &slices[count]), 0};
    }
    int sent;
    do {
      sent = sendmmsg(row.fd, messages, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) return done > 0 ? static_cast<int32_t>(done) : -errno;
    for (int i = 0; i < sent; i++) done += slices[i].iov_len;
  }
  return static_cast<int32_t>(done);
}

static bool isGsoRefusal(int32_t result) {
  return result == -EIO || result == -EINVAL || result == -EOPNOTSUPP || result == -EMSGSIZE;
}

static int32_t sendRow(GsoRefusals& refusals, const UdpRow& row) {
  if (row.size <= row.segment || (refusals.kernelHasGso(row.fd) && !refusals.has(row.address))) {
    const int32_t result = sendSegmented(row);
    if (!isGsoRefusal(result) || row.size <= row.segment) return result;
    const int32_t separately = sendSeparately(row);
    // EINVAL may also mean an address that nothing can be sent to: then GSO is not to blame.
    if (separately > 0) refusals.add(row.address);
    return separately;
  }
  return sendSeparately(row);
}

static napi_value udpSendBatch(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t fd = call.i32(0);
  const Bytes addresses = call.bytes(1);
  const View<uint32_t> offsets = call.words(2);
  const View<uint32_t> segments = call.words(3);
  const size_t count = call.u32(4);
  const Bytes buffer = call.bytes(5);
  const View<int32_t> results = call.ints(6);
  if (!call.ok()) return nullptr;
  if (addresses.size / kAddressBytes < count || segments.size < count || results.size < count ||
      !offsetsInside(offsets, count, buffer.size)) {
    return call.refuse("a table is shorter than its count, or an offset lies outside the buffer");
  }
  for (size_t i = 0; i < count; i++) {
    if (addressSize(addresses.data + i * kAddressBytes) == 0 || segments.data[i] > kGsoBytesMax) {
      return call.refuse("a row has no address, or a segment of more than 65000 bytes");
    }
  }
  for (size_t i = 0; i < count; i++) {
    const uint32_t begin = offsets.data[2 * i];
    const size_t size = offsets.data[2 * i + 1] - begin;
    const size_t segment = segments.data[i] == 0 ? size : segments.data[i];
    const UdpRow row = {fd, addresses.data + i * kAddressBytes, buffer.data + begin, size, segment};
    results.data[i] = size == 0 ? 0 : sendRow(call.instance().gsoRefusals, row);
  }
  return call.undefined();
}

void exportSend(napi_env env, napi_value exports, Instance* instance) {
  static constexpr Export list[] = {{"tcpSendBatch", tcpSendBatch}, {"udpSendBatch", udpSendBatch}};
  exportAll(env, exports, instance, list);
}

}  // namespace millrace
