/**
 * A bad network in a bottle: makes two network namespaces with a TUN device ("lab0") in each, and carries IP packets from
 * one to the other with loss, delay, jitter, reordering, duplication, a rate limit with a queue, and cuts.
 *
 *   lab-forwarder <seed>        prints "ready <fd> <fd>": namespaces are /proc/<pid>/fd/<fd>, server first, client second
 *
 * Lines on stdin change it while it runs; times in ms, rates in bit/s, shares from 0 to 1:
 *   down loss 0.05              server to client; "up" is the other way. Keys: see kKeys
 *   cut 3000                    nothing passes, in either direction, for so long
 *   nat 203.0.113.7 10.77.0.1   the client reaches the server at the first address only; the server has the second
 *   counts                      prints one line of JSON
 * It ends with stdin, and the kernel removes what it made. What happens to the n-th packet of a direction depends on the
 * seed and n alone: each packet takes the same number of random draws, whether they are needed or not.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <queue>
#include <string>
#include <utility>
#include <vector>

namespace {

using Packet = std::vector<uint8_t>;

constexpr double kNever = 1e300;
/** One packet of the TUN device's default MTU, and more. */
constexpr size_t kReadBytes = 65'536;

[[noreturn]] void fail(const char* what) {
  fprintf(stderr, "lab-forwarder: %s: %s\n", what, strerror(errno));
  exit(1);
}

double nowMs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

/** splitmix64: small, and good enough to lose packets by. */
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  /** From 0 up to, not including, 1. */
  double next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return static_cast<double>((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
  }

 private:
  uint64_t state_;
};

/** Of one direction. */
struct Conditions {
  double loss = 0;
  /** Share of packets that come twice. */
  double duplicate = 0;
  double delay = 0;
  /** Up to so much more delay, evenly spread; the order stays. */
  double jitter = 0;
  /** Share of packets that are held back, so that later ones overtake them, and by how much. */
  double reorder = 0;
  double reorder_by = 20;
  /** 0: no limit. */
  double rate = 0;
  /** What waits for the rate limit, in bytes; what does not fit is lost. */
  double queue = 65'536;
};

constexpr std::pair<const char*, double Conditions::*> kKeys[] = {
    {"loss", &Conditions::loss},       {"duplicate", &Conditions::duplicate},
    {"delay", &Conditions::delay},     {"jitter", &Conditions::jitter},
    {"reorder", &Conditions::reorder}, {"reorder_by", &Conditions::reorder_by},
    {"rate", &Conditions::rate},       {"queue", &Conditions::queue},
};

constexpr size_t kIpv4HeaderBytes = 20;
constexpr size_t kProtocolOffset = 9;
constexpr size_t kIpChecksumOffset = 10;
constexpr size_t kSourceOffset = 12;
constexpr size_t kDestinationOffset = 16;
constexpr size_t kUdpChecksumOffset = 6;
constexpr size_t kTcpChecksumOffset = 16;

/** Takes the change of one address into a checksum that covered it (RFC 1624 §3, equation 3). */
void correct(uint8_t* checksum, uint32_t from, uint32_t to) {
  uint16_t old;
  memcpy(&old, checksum, sizeof old);
  uint32_t sum = static_cast<uint16_t>(~old);
  for (const uint32_t part : {~from & 0xffff, ~from >> 16, to & 0xffff, to >> 16}) sum += part;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  const uint16_t fresh = static_cast<uint16_t>(~sum);
  memcpy(checksum, &fresh, sizeof fresh);
}

/** Replaces one address of an IPv4 packet where it is `from`; leaves every other packet alone. */
void translate(Packet& packet, size_t address_offset, uint32_t from, uint32_t to) {
  if (from == 0 || packet.size() < kIpv4HeaderBytes || packet[0] >> 4 != 4) return;
  uint32_t address;
  memcpy(&address, packet.data() + address_offset, sizeof address);
  if (address != from) return;
  memcpy(packet.data() + address_offset, &to, sizeof to);
  correct(packet.data() + kIpChecksumOffset, from, to);
  const size_t payload = (packet[0] & 0x0f) * 4u;
  const bool tcp = packet[kProtocolOffset] == IPPROTO_TCP;
  if (!tcp && packet[kProtocolOffset] != IPPROTO_UDP) return;
  const size_t checksum = payload + (tcp ? kTcpChecksumOffset : kUdpChecksumOffset);
  if (checksum + sizeof(uint16_t) <= packet.size()) correct(packet.data() + checksum, from, to);
}

struct Counts {
  uint64_t packets = 0, bytes = 0, lost = 0, cut = 0, overflowed = 0, reordered = 0, duplicated = 0;
};

/** A packet with what the dice said when it came. */
struct Queued {
  Packet packet;
  double jitter_draw;
  bool reorder;
  bool duplicate;
};

struct InFlight {
  double at_ms;
  uint64_t number;
  Packet packet;
  bool operator<(const InFlight& other) const {  // for a heap with the earliest on top
    return at_ms != other.at_ms ? at_ms > other.at_ms : number > other.number;
  }
};

class Direction {
 public:
  Direction(const char* name, uint64_t seed, int from, int to)
      : name_(name), random_(seed), from_(from), to_(to) {}

  Conditions conditions;
  double cut_until_ms = 0;
  /** What becomes of which address on the way. */
  size_t translated_offset = kSourceOffset;
  uint32_t translate_from = 0;
  uint32_t translate_to = 0;
  const char* name() const { return name_; }
  int from() const { return from_; }

  void readAll(double now_ms) {
    static uint8_t buffer[kReadBytes];
    for (ssize_t size; (size = read(from_, buffer, sizeof buffer)) > 0;) {
      Packet packet(buffer, buffer + size);
      translate(packet, translated_offset, translate_from, translate_to);
      accept(std::move(packet), now_ms);
    }
  }

  /** Sends what is due. @returns when to be called next */
  double advance(double now_ms) {
    while (!queue_.empty() && free_ms_ <= now_ms) transmit(now_ms);
    while (!flying_.empty() && flying_.top().at_ms <= now_ms) {
      const Packet& packet = flying_.top().packet;
      // A full or absent receiver loses it, as a real one would.
      if (write(to_, packet.data(), packet.size()) < 0 && errno == EBADF) fail("write");
      flying_.pop();
    }
    return std::min(queue_.empty() ? kNever : free_ms_, flying_.empty() ? kNever : flying_.top().at_ms);
  }

  void printCounts(const char* separator) const {
    printf("\"%s\":{\"packets\":%lu,\"bytes\":%lu,\"lost\":%lu,\"cut\":%lu,\"overflowed\":%lu,\"reordered\":%lu,\"duplicated\":%lu,\"queuedBytes\":%lu}%s",
           name_, counts_.packets, counts_.bytes, counts_.lost, counts_.cut, counts_.overflowed,
           counts_.reordered, counts_.duplicated, queued_bytes_, separator);
  }

 private:
  void accept(Packet packet, double now_ms) {
    counts_.packets++;
    counts_.bytes += packet.size();
    const bool lost = random_.next() < conditions.loss;
    const bool duplicate = random_.next() < conditions.duplicate;
    const bool reorder = random_.next() < conditions.reorder;
    const double jitter_draw = random_.next();
    if (now_ms < cut_until_ms) {
      counts_.cut++;
    } else if (lost) {
      counts_.lost++;
    } else if (conditions.rate > 0 && queued_bytes_ + packet.size() > conditions.queue) {
      counts_.overflowed++;
    } else {
      queued_bytes_ += packet.size();
      queue_.push_back({std::move(packet), jitter_draw, reorder, duplicate});
    }
  }

  /** The first of the queue goes on the wire: it takes the time that its bytes take, then the delay. */
  void transmit(double now_ms) {
    Queued next = std::move(queue_.front());
    queue_.pop_front();
    queued_bytes_ -= next.packet.size();
    const double wire_ms = conditions.rate > 0 ? next.packet.size() * 8e3 / conditions.rate : 0;
    // While the queue is busy the wire never idles, however late we were called.
    free_ms_ = (now_ms - free_ms_ < kLateMs ? free_ms_ : now_ms) + wire_ms;
    double at_ms = (conditions.rate > 0 ? free_ms_ : now_ms) + conditions.delay + next.jitter_draw * conditions.jitter;
    if (next.duplicate) {
      counts_.duplicated++;
      flying_.push({at_ms, number_++, next.packet});
    }
    if (next.reorder) {
      counts_.reordered++;
      at_ms += conditions.reorder_by;
    } else {
      at_ms = last_ms_ = std::max(at_ms, last_ms_);
    }
    flying_.push({at_ms, number_++, std::move(next.packet)});
  }

  /** A wire that has been free for longer starts anew. */
  static constexpr double kLateMs = 5;

  const char* name_;
  Random random_;
  const int from_;
  const int to_;
  Counts counts_;
  std::deque<Queued> queue_;
  uint64_t queued_bytes_ = 0;
  std::priority_queue<InFlight> flying_;
  uint64_t number_ = 0;
  double free_ms_ = 0;
  double last_ms_ = 0;
};

/** Makes a namespace with a TUN device; the calling thread is in it afterwards. @returns descriptors of both */
std::pair<int, int> openSide() {
  if (unshare(CLONE_NEWNET) != 0) fail("unshare");
  const int space = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  const int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (space < 0 || tun < 0) fail("open");
  ifreq request = {};
  strncpy(request.ifr_name, "lab0", IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (ioctl(tun, TUNSETIFF, &request) != 0) fail("TUNSETIFF");
  return {space, tun};
}

/** One-to-one, as by a router that forwards its ports to the server (RFC 3022 §4.1). */
bool startTranslating(const char* outside, const char* inside, Direction (&directions)[2]) {
  in_addr outer, inner;
  if (inet_pton(AF_INET, outside, &outer) != 1 || inet_pton(AF_INET, inside, &inner) != 1) return false;
  auto& [down, up] = directions;
  down.translated_offset = kSourceOffset;
  down.translate_from = inner.s_addr;
  down.translate_to = outer.s_addr;
  up.translated_offset = kDestinationOffset;
  up.translate_from = outer.s_addr;
  up.translate_to = inner.s_addr;
  return true;
}

bool obey(const std::string& line, Direction (&directions)[2]) {
  char first[16], key[16];
  double value;
  if (line == "counts") {
    printf("{");
    directions[0].printCounts(",");
    directions[1].printCounts("}\n");
    return fflush(stdout) == 0;
  }
  if (sscanf(line.c_str(), "cut %lf", &value) == 1) {
    for (Direction& direction : directions) direction.cut_until_ms = nowMs() + value;
    return true;
  }
  if (sscanf(line.c_str(), "nat %15s %15s", first, key) == 2) {
    return startTranslating(first, key, directions);
  }
  if (sscanf(line.c_str(), "%15s %15s %lf", first, key, &value) != 3) return false;
  for (Direction& direction : directions) {
    if (strcmp(first, direction.name()) != 0) continue;
    for (const auto& [name, member] : kKeys) {
      if (strcmp(key, name) != 0) continue;
      direction.conditions.*member = value;
      return true;
    }
  }
  return false;
}

/** @returns whether stdin is still open */
bool readCommands(Direction (&directions)[2]) {
  static std::string pending;
  char buffer[4096];
  const ssize_t size = read(STDIN_FILENO, buffer, sizeof buffer);
  if (size <= 0) return size < 0 && errno == EINTR;
  pending.append(buffer, size);
  for (size_t end; (end = pending.find('\n')) != std::string::npos; pending.erase(0, end + 1)) {
    const std::string line = pending.substr(0, end);
    if (!obey(line, directions)) {
      fprintf(stderr, "lab-forwarder: not understood: %s\n", line.c_str());
      exit(2);
    }
  }
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  const uint64_t seed = count > 1 ? strtoull(arguments[1], nullptr, 10) : 1;
  const auto [server_space, server] = openSide();
  const auto [client_space, client] = openSide();
  Direction directions[2] = {{"down", seed * 2, server, client}, {"up", seed * 2 + 1, client, server}};
  printf("ready %d %d\n", server_space, client_space);
  fflush(stdout);
  for (;;) {
    double next_ms = kNever;
    for (Direction& direction : directions) next_ms = std::min(next_ms, direction.advance(nowMs()));
    pollfd polled[3] = {{STDIN_FILENO, POLLIN, 0}, {server, POLLIN, 0}, {client, POLLIN, 0}};
    const double wait_ms = std::max(0.0, std::min(next_ms - nowMs(), 1e3));
    const timespec wait = {static_cast<time_t>(wait_ms / 1e3),
                           static_cast<long>(static_cast<uint64_t>(wait_ms * 1e6) % 1'000'000'000)};
    if (ppoll(polled, 3, &wait, nullptr) < 0 && errno != EINTR) fail("ppoll");
    const double now_ms = nowMs();
    if (polled[0].revents != 0 && !readCommands(directions)) return 0;
    for (Direction& direction : directions) direction.readAll(now_ms);
  }
}
