/** srtpNew … srtcpProtect on any arguments; and what is protected must come out as it was. */
#include <cassert>
#include <cstring>

#include "input.h"
#include "js.h"

using namespace millrace;
using namespace millrace::fuzz;

static Instance instance;
static Js js(&instance, {exportSrtp});

/** Both ends of one association: what one protects the other reads. */
struct Pair {
  double profile;
  Value* here;
  Value* there;
};

static Pair open(Input& input) {
  const bool gcm = (input.byte() & 1) != 0;
  const double profile = gcm ? 7 : 1;
  const size_t salt = gcm ? kGcmSaltBytes : kCmSaltBytes;
  const auto key = [&](uint8_t seed, size_t size) { return js.bytes(std::vector<uint8_t>(size, seed)); };
  Value* here = js.call("srtpNew", {js.number(profile), key(1, 16), key(2, salt), key(3, 16), key(4, salt)});
  Value* there = js.call("srtpNew", {js.number(profile), key(3, 16), key(4, salt), key(1, 16), key(2, salt)});
  assert(here != nullptr && there != nullptr);
  return {profile, here, there};
}

static void refuseAnything(Input& input) {
  const auto key = [&] { return js.bytes(input.bytes(input.below(20))); };
  Value* made = js.call("srtpNew", {js.number(input.near(8)), key(), key(), key(), key()});
  if (made != nullptr) js.call("srtpFree", {made});
}

static void unprotectAnything(Input& input, Value* handle) {
  const std::vector<uint8_t> packet = input.bytes(input.below(200));
  const auto limit = static_cast<uint32_t>(packet.size());
  js.call("srtpUnprotect", {handle, js.bytes(packet), js.number(input.near(limit)), js.number(input.word())});
  js.call("srtcpUnprotect", {handle, js.bytes(packet)});
  js.call("srtcpIndex", {handle});
}

static void protectAnything(Input& input, Value* handle) {
  const std::vector<uint8_t> buffer = input.bytes(input.below(200));
  const auto limit = static_cast<uint32_t>(buffer.size());
  js.call("srtpProtect", {handle, js.bytes(buffer), js.number(input.near(limit)),
                          js.number(input.near(limit)), js.number(input.word())});
  js.call("srtcpProtect",
          {handle, js.bytes(buffer), js.number(input.near(limit)), js.number(input.word())});
}

/** One packet there and back; with a bit flipped on the way it must be refused. */
static void roundTrip(Input& input, const Pair& pair, bool rtcp) {
  const size_t headerLength = rtcp ? kRtcpHeaderBytes : kRtpHeaderBytes + input.below(64);
  const std::vector<uint8_t> plain = input.bytes(headerLength + input.below(150));
  std::vector<uint8_t> buffer = plain;
  buffer.resize(plain.size() + kGcmTagBytes + kSrtcpIndexBytes);
  Value* packet = js.bytes(buffer);
  const uint32_t index = input.word() & 0x7fff'ffff;
  Value* length = rtcp ? js.call("srtcpProtect", {pair.here, packet, js.number(plain.size()), js.number(index)})
                       : js.call("srtpProtect", {pair.here, packet, js.number(plain.size()),
                                                 js.number(headerLength), js.number(index)});
  assert(length != nullptr && length->number > plain.size());
  const auto size = static_cast<size_t>(length->number);
  std::vector<uint8_t> sent(packet->memory.get(), packet->memory.get() + size);
  const bool flips = (input.byte() & 1) != 0;
  if (flips) sent[input.below(static_cast<uint32_t>(size))] ^= static_cast<uint8_t>(1 << (input.byte() & 7));
  Value* received = js.bytes(sent);
  Value* read = rtcp ? js.call("srtcpUnprotect", {pair.there, received})
                     : js.call("srtpUnprotect", {pair.there, received, js.number(headerLength), js.number(index)});
  assert(read != nullptr);
  if (flips) {
    assert(read->number == -1);
    return;
  }
  assert(read->number == plain.size());
  assert(memcmp(received->memory.get(), plain.data(), plain.size()) == 0);
  if (rtcp) assert(js.call("srtcpIndex", {pair.there})->number == index);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  const Pair pair = open(input);
  for (int steps = 0; steps < 32 && !input.empty(); steps++) {
    switch (input.byte() % 5) {
      case 0: refuseAnything(input); break;
      case 1: unprotectAnything(input, pair.there); break;
      case 2: protectAnything(input, pair.here); break;
      case 3: roundTrip(input, pair, false); break;
      default: roundTrip(input, pair, true); break;
    }
  }
  unprotectAnything(input, js.number(input.near(3)));
  js.call("srtpFree", {pair.here});
  js.call("srtpFree", {pair.there});
  assert(js.call("srtpFree", {pair.there}) == nullptr);
  js.collect();
  return 0;
}
