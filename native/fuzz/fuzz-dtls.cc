/**
 * A handshake between two associations of ours under a network that the input directs: datagrams in order, lost, twice,
 * cut, with changed bytes, or made up; timers, closes and frees at any moment.
 */
#include <openssl/rand.h>

#include <cassert>
#include <deque>

#include "input.h"
#include "js.h"

using namespace millrace;
using namespace millrace::fuzz;

using Datagram = std::vector<uint8_t>;

static Instance instance;
static Js js(&instance, {exportCertificate, exportDtls});
static double context;

/** The same input, the same handshake. */
static uint64_t randomState;
static int fillRandom(unsigned char* out, int size) {
  for (int i = 0; i < size; i++) {
    randomState = randomState * 6364136223846793005u + 1442695040888963407u;
    out[i] = static_cast<unsigned char>(randomState >> 56);
  }
  return 1;
}
static int isSeeded() { return 1; }

static void handshake();

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  static RAND_METHOD method = {nullptr, fillRandom, nullptr, nullptr, fillRandom, isSeeded};
  RAND_set_rand_method(&method);
  Value* certificate = js.call("certificateNew", {});
  assert(certificate != nullptr);
  Value* made = js.call("dtlsContext", {certificate->members["certificatePem"], certificate->members["privateKeyPem"]});
  assert(made != nullptr);
  context = made->number;
  handshake();
  js.collect();
  return 0;
}

struct End {
  double handle;
  std::deque<Datagram> arriving;
  bool done = false;
};

static End open(bool isServer, bool reliable) {
  Value* handle = js.call("dtlsNew", {js.number(context), js.boolean(isServer), js.boolean(reliable)});
  assert(handle != nullptr);
  return {handle->number, {}};
}

static void deliver(const Value* list, End& to) {
  for (const Value* datagram : list->elements) {
    const uint8_t* bytes = datagram->memory.get();
    assert(datagram->bytes > 0 && datagram->bytes <= 2048);
    if (to.arriving.size() < 64) to.arriving.emplace_back(bytes, bytes + datagram->bytes);
  }
}

static void step(End& end, End& other, const Datagram* datagram, bool timedOut) {
  Value* given = datagram == nullptr ? js.null() : js.bytes(*datagram);
  Value* result = js.call("dtlsStep", {js.number(end.handle), given, js.boolean(timedOut)});
  assert(result != nullptr);
  deliver(result->members["out"], other);
  const bool done = result->members["done"]->number != 0;
  assert(done || !end.done);
  if (done && !end.done) {
    Value* keys = js.call("dtlsResult", {js.number(end.handle)});
    assert(keys != nullptr && keys->members["peerFingerprint"]->bytes == 32);
  }
  end.done = done;
}

static void change(Input& input, Datagram& datagram) {
  for (int edits = input.byte() & 3; edits >= 0; edits--) {
    if (datagram.empty()) return;
    const uint32_t at = input.below(static_cast<uint32_t>(datagram.size()));
    if ((input.byte() & 7) == 0) datagram.resize(at);
    else datagram[at] = input.byte();
  }
}

static void act(Input& input, End& end, End& other) {
  const uint8_t choice = input.byte() % 16;
  if (choice == 15) {
    Datagram made = input.bytes(input.below(300));
    step(end, other, &made, false);
    return;
  }
  if (choice == 14) return step(end, other, nullptr, true);
  if (choice == 13) return deliver(js.call("dtlsClose", {js.number(end.handle)}), other);
  if (end.arriving.empty()) return step(end, other, nullptr, false);
  Datagram next = end.arriving.front();
  if (choice != 12) end.arriving.pop_front();  // 12: it comes again
  if (choice == 11) return;                    // lost
  if (choice >= 8) change(input, next);
  step(end, other, &next, false);
}

/** All that waits is delivered, until nothing more comes. */
static void settle(End& client, End& server) {
  for (int steps = 0; steps < 16; steps++) {
    End& end = (steps & 1) != 0 ? client : server;
    End& other = (steps & 1) != 0 ? server : client;
    while (!end.arriving.empty()) {
      const Datagram next = end.arriving.front();
      end.arriving.pop_front();
      step(end, other, &next, false);
    }
  }
}

/** One that nobody disturbs, to be sure that the inputs start from something that works. */
static void handshake() {
  End client = open(false, false);
  End server = open(true, false);
  step(client, server, nullptr, false);
  settle(client, server);
  assert(client.done && server.done);
  for (const End* end : {&client, &server}) js.call("dtlsFree", {js.number(end->handle)});
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  randomState = 1;
  const uint8_t options = input.byte();
  End client = open(false, (options & 1) != 0);
  End server = open(true, (options & 2) != 0);
  step(client, server, nullptr, false);
  for (int steps = 0; steps < 64 && !input.empty(); steps++) {
    const bool atServer = (input.byte() & 1) != 0;
    act(input, atServer ? server : client, atServer ? client : server);
  }
  // An honest rest of the network; the input may have spoilt the handshake for good.
  settle(client, server);
  for (const End* end : {&client, &server}) js.call("dtlsFree", {js.number(end->handle)});
  assert(js.call("dtlsStep", {js.number(client.handle), js.null(), js.boolean(false)}) == nullptr);
  js.collect();
  return 0;
}
