/** Options and measurements of sockets that Node opened, and socket addresses. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "instance.h"

#ifndef TCP_RTO_MAX_MS
#define TCP_RTO_MAX_MS 44  // Linux 6.15; elsewhere the option is refused, and nothing is lost
#endif

namespace millrace {

/**
 * A path that takes nothing is tried again at least this often. Linux doubles the wait after each try (RFC 6298 §5.5): after
 * a cut of 3 s it may be silent for 3 s more, which live video cannot use. 1 s is the least that the kernel takes.
 */
static constexpr int kRetransmitMsMax = 1000;
/**
 * Without it the kernel would give up after 15 tries, which now is 14 s. Longer than the 30 s after which the media plane
 * lets go of a viewer (RFC 7675 §5.1): that one decides.
 */
static constexpr int kGiveUpMs = 40'000;

template <typename T>
static bool setOption(int fd, int level, int option, T value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

/** Failing options are no errors: the socket may be gone already, BBR may not be allowed. */
static napi_value tcpTune(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t fd = call.i32(0);
  const uint32_t notsentLowatBytes = call.u32(1);
  const bool preferBbr = call.flag(2);
  if (!call.ok()) return nullptr;
  setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  setOption(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, notsentLowatBytes);
  setOption(fd, IPPROTO_TCP, TCP_RTO_MAX_MS, kRetransmitMsMax);
  setOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, kGiveUpMs);
  if (preferBbr) setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "bbr", 3);
  char name[16] = {};  // TCP_CA_NAME_MAX
  socklen_t size = sizeof name - 1;
  getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &size);
  return call.string(name);
}

static napi_value tcpInfo(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t fd = call.i32(0);
  if (!call.ok()) return nullptr;
  tcp_info tcp = {};  // older kernels fill less of it
  socklen_t size = sizeof tcp;
  int queued = 0;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &tcp, &size) != 0 || ioctl(fd, SIOCOUTQ, &queued) != 0) {
    return call.undefined();
  }
  constexpr double bitsPerByte = 8;
  napi_value result = call.object();
  call.set(result, "rttUs", call.number(tcp.tcpi_rtt));
  call.set(result, "minRttUs", call.number(tcp.tcpi_min_rtt));
  call.set(result, "queuedBytes", call.number(queued));
  call.set(result, "notsentBytes", call.number(tcp.tcpi_notsent_bytes));
  call.set(result, "deliveryRateBps",
           call.number(static_cast<double>(tcp.tcpi_delivery_rate) * bitsPerByte));
  call.set(result, "retransmits", call.number(tcp.tcpi_total_retrans));
  return result;
}

/** Asked often: fills the caller's array instead of making an object. */
static napi_value tcpSample(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t fd = call.i32(0);
  const View<double> values = call.doubles(1);
  if (!call.ok()) return nullptr;
  if (values.size < 4) return call.refuse("four values have no room");
  tcp_info tcp = {};
  socklen_t size = sizeof tcp;
  int queued = 0;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &tcp, &size) != 0 || ioctl(fd, SIOCOUTQ, &queued) != 0) {
    return call.boolean(false);
  }
  values.data[0] = queued;
  values.data[1] = tcp.tcpi_notsent_bytes;
  // What arrived behind a hole is delivered, too: without it a repaired loss would look like a sudden rush.
  const double sacked = std::min(1.0 * tcp.tcpi_sacked * tcp.tcpi_snd_mss, 1.0 * queued);
  values.data[2] = static_cast<double>(tcp.tcpi_bytes_acked) + sacked;
  values.data[3] = tcp.tcpi_min_rtt;
  return call.boolean(true);
}

static int32_t grantedBytes(int fd, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  getsockopt(fd, SOL_SOCKET, option, &value, &size);
  return value;
}

static napi_value udpTune(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t fd = call.i32(0);
  const int32_t receiveBytes = call.i32(1);
  const int32_t sendBytes = call.i32(2);
  if (!call.ok()) return nullptr;
  setOption(fd, SOL_SOCKET, SO_RCVBUF, receiveBytes);
  setOption(fd, SOL_SOCKET, SO_SNDBUF, sendBytes);
  napi_value result = call.object();
  call.set(result, "receive", call.number(grantedBytes(fd, SO_RCVBUF)));
  call.set(result, "send", call.number(grantedBytes(fd, SO_SNDBUF)));
  return result;
}

/** @returns whether `text` is an address of the kind that the socket sends to; IPv4 on IPv6 sockets is mapped. */
static bool parseAddress(const std::string& text, uint16_t port, bool v6Socket, uint8_t* out) {
  sockaddr_in v4 = {};
  sockaddr_in6 v6 = {};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    if (!v6Socket) {
      memcpy(out, &v4, sizeof v4);
      return true;
    }
    v6.sin6_addr.s6_addr[10] = 0xff;
    v6.sin6_addr.s6_addr[11] = 0xff;
    memcpy(v6.sin6_addr.s6_addr + 12, &v4.sin_addr, 4);
  } else {
    const size_t zone = text.find('%');  // fe80::1%eth0, as Node reports link-local peers
    if (zone != std::string::npos) v6.sin6_scope_id = if_nametoindex(text.c_str() + zone + 1);
    if (!v6Socket || inet_pton(AF_INET6, text.substr(0, zone).c_str(), &v6.sin6_addr) != 1) {
      return false;
    }
  }
  memcpy(out, &v6, sizeof v6);
  return true;
}

static napi_value socketAddress(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const std::string text = call.text(0);
  const uint32_t port = call.u32(1);
  const bool v6Socket = call.flag(2);
  if (!call.ok()) return nullptr;
  static_assert(sizeof(sockaddr_in6) == kAddressBytes);
  uint8_t address[kAddressBytes] = {};
  if (port > 0xffff || !parseAddress(text, static_cast<uint16_t>(port), v6Socket, address)) {
    return call.refuse("not an address that this socket can send to");
  }
  return call.copyOf(address, sizeof address);
}

/** A second descriptor of the same socket: closing the first one ends nothing then. Child processes do not get it. */
static napi_value dupFd(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t fd = call.i32(0);
  if (!call.ok()) return nullptr;
  const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return call.fail(std::string("dup: ") + strerror(errno));
  return call.number(copy);
}

/** Two ends of one stream inside this machine. */
static napi_value socketPair(napi_env env, napi_callback_info info) {
  Call call(env, info);
  int ends[2] = {};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    return call.fail(std::string("socketpair: ") + strerror(errno));
  }
  napi_value result = call.object();
  call.set(result, "near", call.number(ends[0]));
  call.set(result, "far", call.number(ends[1]));
  return result;
}

void exportSocket(napi_env env, napi_value exports, Instance* instance) {
  static constexpr Export list[] = {
      {"tcpTune", tcpTune},
      {"tcpInfo", tcpInfo},
      {"tcpSample", tcpSample},
      {"udpTune", udpTune},
      {"socketAddress", socketAddress},
      {"dupFd", dupFd},
      {"socketPair", socketPair},
  };
  exportAll(env, exports, instance, list);
}

}  // namespace millrace
