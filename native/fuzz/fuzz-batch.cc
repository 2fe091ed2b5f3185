/** protectBatch on any tables: rows, runs and arenas that are right, nearly right, or anything. */
#include <cassert>

#include "input.h"
#include "js.h"

using namespace millrace;
using namespace millrace::fuzz;

static Instance instance;
static Js js(&instance, {exportSrtp, exportBatch});

static constexpr uint32_t kHeaderBytes = 64;
static constexpr size_t kRowsMax = 24;

static Value* newSrtp(bool gcm) {
  const size_t salt = gcm ? kGcmSaltBytes : kCmSaltBytes;
  const auto key = [&](size_t size) { return js.bytes(std::vector<uint8_t>(size, 7)); };
  return js.call("srtpNew", {js.number(gcm ? 7 : 1), key(16), key(salt), key(16), key(salt)});
}

static std::vector<uint32_t> rowsOf(Input& input, size_t count, uint32_t arenaBytes) {
  std::vector<uint32_t> rows;
  for (size_t i = 0; i < count; i++) {
    const uint32_t row[] = {
        1 + input.near(2),                                 // srtp
        input.word(),                                      // roc
        input.near(kHeaderBytes),                          // header offset
        static_cast<uint32_t>(kRtpHeaderBytes) + input.near(20),  // header length
        1 + input.near(2),                                 // arena
        input.near(arenaBytes),                            // payload offset
        input.near(arenaBytes),                            // payload length
        (input.byte() & 3) == 0 ? input.near(260) : 0,     // padding
    };
    rows.insert(rows.end(), row, row + 8);
  }
  return rows;
}

static std::vector<uint32_t> runsOf(Input& input, size_t rows) {
  std::vector<uint32_t> runs;
  uint32_t end = 0;
  while (end < rows && runs.size() < 2 * kRowsMax) {
    end = (input.byte() & 15) == 0 ? input.word() : std::min<uint32_t>(end + 1 + input.below(4), rows);
    runs.push_back(end);
    runs.push_back((input.byte() & 15) == 0 ? input.word() : input.byte() & 1);
  }
  return runs;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  Value* srtps[] = {newSrtp(true), newSrtp(false)};
  const uint32_t arenaBytes = input.below(2000);
  Value* memory[] = {js.bytes(input.bytes(arenaBytes)), js.bytes(std::vector<uint8_t>(arenaBytes))};
  Value* arenas[] = {js.call("arenaRegister", {memory[0]}), js.call("arenaRegister", {memory[1]})};
  for (int calls = 0; calls < 4 && !input.empty(); calls++) {
    const size_t rows = input.below(kRowsMax);
    const std::vector<uint32_t> table = rowsOf(input, rows, arenaBytes);
    const std::vector<uint32_t> runs = runsOf(input, rows);
    const size_t runCount = runs.size() / 2;
    std::vector<uint8_t> headers = input.bytes(kHeaderBytes);
    if ((input.byte() & 7) == 0) Js::detach(memory[input.byte() & 1]);
    Value* out = js.bytes(std::vector<uint8_t>(input.below(40'000)));
    const bool isHonest = (input.byte() & 7) != 0;
    const double rowCount = isHonest ? rows : input.near(kRowsMax);
    const double runsGiven = isHonest ? runCount : input.near(kRowsMax);
    Value* written = js.call("protectBatch", {js.words(table), js.number(rowCount), js.bytes(headers), js.words(runs),
                                              js.number(runsGiven), out, js.words(std::vector<uint32_t>(runCount)),
                                              js.words(std::vector<uint32_t>(rows))});
    if (written != nullptr) assert(written->number >= -1 && written->number <= out->bytes);
  }
  for (Value* arena : arenas) js.call("arenaRelease", {arena});
  assert(js.call("arenaRelease", {arenas[0]}) == nullptr);
  for (Value* srtp : srtps) js.call("srtpFree", {srtp});
  js.collect();
  return 0;
}
