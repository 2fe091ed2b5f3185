/** protectBatch: the RTP packets of many viewers in one call, and the arenas that their payloads lie in. */
#include "instance.h"

namespace millrace {

/** The columns of ROW in addon.ts. */
struct Row {
  uint32_t srtp;
  uint32_t roc;
  uint32_t headerOffset;
  uint32_t headerLength;
  uint32_t arena;
  uint32_t payloadOffset;
  uint32_t payloadLength;
  uint32_t padding;
};
static constexpr size_t kRowWords = 8;
static_assert(sizeof(Row) == kRowWords * sizeof(uint32_t));

/** One viewer's rows: [first row after the run, framing]. */
struct Run {
  uint32_t rowsEnd;
  uint32_t framing;
};
static constexpr size_t kRunWords = 2;
static constexpr uint32_t kFramingRfc4571 = 1;
/** RFC 4571 §2: a 16-bit length before each packet. */
static constexpr size_t kFrameHeaderBytes = 2;
static constexpr size_t kFramedPacketBytesMax = 0xffff;
/** The P bit in the first byte of an RTP header. */
static constexpr uint8_t kPaddingFlag = 0x20;

/** One protectBatch call. `refusal` says which promise of the caller was broken. */
class Batch {
 public:
  Batch(const Call& call, Bytes headers, Bytes out, View<uint32_t> lengths)
      : env_(call.env), instance_(call.instance()), headers_(headers), out_(out), lengths_(lengths) {
    instance_.batches++;
  }

  enum class Outcome { done, full, refused };

  Outcome protect(const Row& row, size_t rowIndex, uint32_t framing);
  size_t used() const { return used_; }
  const char* refusal() const { return refusal_; }

 private:
  const Arena* arena(uint32_t id);
  Outcome refuse(const char* why) {
    refusal_ = why;
    return Outcome::refused;
  }

  const napi_env env_;
  Instance& instance_;
  const Bytes headers_;
  const Bytes out_;
  const View<uint32_t> lengths_;
  size_t used_ = 0;
  const char* refusal_ = nullptr;
};

/**
 * Where the arena lies now. Asked once per batch and not only when it was registered: JavaScript may have
 * detached its buffer, and then its length is 0 instead of its pointer dangling.
 */
const Arena* Batch::arena(uint32_t id) {
  Arena* arena = instance_.arenas.get(id);
  if (arena == nullptr || arena->resolvedIn == instance_.batches) return arena;
  napi_value value = nullptr;
  void* data = nullptr;
  size_t size = 0;
  if (napi_get_reference_value(env_, arena->reference, &value) != napi_ok ||
      napi_get_typedarray_info(env_, value, nullptr, &size, &data, nullptr, nullptr) != napi_ok) {
    return nullptr;
  }
  arena->bytes = {static_cast<uint8_t*>(data), size};
  arena->resolvedIn = instance_.batches;
  return arena;
}

Batch::Outcome Batch::protect(const Row& row, size_t rowIndex, uint32_t framing) {
  Srtp* srtp = instance_.srtps.get(row.srtp);
  if (srtp == nullptr) return refuse("a row names no SRTP");
  const Arena* payloads = arena(row.arena);
  if (payloads == nullptr) return refuse("a row names no arena");
  if (row.headerLength < kRtpHeaderBytes || !headers_.holds(row.headerOffset, row.headerLength)) {
    return refuse("a row's header lies outside `headers`");
  }
  if (!payloads->bytes.holds(row.payloadOffset, row.payloadLength)) {
    return refuse("a row's payload lies outside its arena");
  }
  const uint8_t* header = headers_.data + row.headerOffset;
  if (row.padding > kPaddingBytesMax || (row.padding > 0 && (header[0] & kPaddingFlag) == 0)) {
    return refuse("a row's padding is over 255 bytes or without the P bit");
  }
  const RtpParts parts = {header, row.headerLength, payloads->bytes.data + row.payloadOffset,
                          row.payloadLength, row.padding};
  const size_t packetBytes = parts.size() + srtp->sendRtp.tagBytes();
  if (packetBytes > kFramedPacketBytesMax) return refuse("a row's packet is over 65535 bytes");
  const size_t frameBytes = framing == kFramingRfc4571 ? kFrameHeaderBytes : 0;
  if (!out_.holds(used_, frameBytes + packetBytes)) return Outcome::full;
  uint8_t* at = out_.data + used_;
  if (frameBytes > 0) {
    at[0] = static_cast<uint8_t>(packetBytes >> 8);
    at[1] = static_cast<uint8_t>(packetBytes);
  }
  if (!srtp->sendRtp.protectRtp(parts, row.roc, at + frameBytes)) return refuse("OpenSSL refused");
  lengths_.data[rowIndex] = static_cast<uint32_t>(packetBytes);
  used_ += frameBytes + packetBytes;
  return Outcome::done;
}

static napi_value protectBatch(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const View<uint32_t> rowWords = call.words(0);
  const size_t rowCount = call.u32(1);
  const Bytes headers = call.bytes(2);
  const View<uint32_t> runWords = call.words(3);
  const size_t runCount = call.u32(4);
  const Bytes out = call.bytes(5);
  const View<uint32_t> ends = call.words(6);
  const View<uint32_t> lengths = call.words(7);
  if (!call.ok()) return nullptr;
  if (rowWords.size / kRowWords < rowCount || runWords.size / kRunWords < runCount ||
      ends.size < runCount || lengths.size < rowCount) {
    return call.refuse("a table is shorter than its count");
  }
  const Row* rows = reinterpret_cast<const Row*>(rowWords.data);
  const Run* runs = reinterpret_cast<const Run*>(runWords.data);
  if (runCount == 0 ? rowCount != 0 : runs[runCount - 1].rowsEnd != rowCount) {
    return call.refuse("the runs do not cover the rows");
  }
  Batch batch(call, headers, out, lengths);
  size_t row = 0;
  for (size_t i = 0; i < runCount; i++) {
    const Run& run = runs[i];
    if (run.rowsEnd < row || run.rowsEnd > rowCount || run.framing > kFramingRfc4571) {
      return call.refuse("a run goes backwards or has an unknown framing");
    }
    for (; row < run.rowsEnd; row++) {
      const Batch::Outcome outcome = batch.protect(rows[row], row, run.framing);
      if (outcome == Batch::Outcome::full) return call.number(-1);
      if (outcome == Batch::Outcome::refused) return call.refuse(batch.refusal());
    }
    ends.data[i] = static_cast<uint32_t>(batch.used());
  }
  return call.number(static_cast<double>(batch.used()));
}

static napi_value arenaRegister(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const Bytes bytes = call.bytes(0);
  if (!call.ok()) return nullptr;
  auto arena = std::make_unique<Arena>(Arena{nullptr, bytes, call.instance().batches});
  if (napi_create_reference(env, call.raw(0), 1, &arena->reference) != napi_ok) {
    return call.fail("cannot keep the arena");
  }
  return call.number(call.instance().arenas.add(std::move(arena)));
}

static napi_value arenaRelease(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const uint32_t id = call.u32(0);
  if (!call.ok()) return nullptr;
  const Arena* arena = call.instance().arenas.get(id);
  if (arena == nullptr) return call.refuse("no such arena");
  napi_delete_reference(env, arena->reference);
  call.instance().arenas.remove(id);
  return call.undefined();
}

void exportBatch(napi_env env, napi_value exports, Instance* instance) {
  static constexpr Export list[] = {
      {"protectBatch", protectBatch},
      {"arenaRegister", arenaRegister},
      {"arenaRelease", arenaRelease},
  };
  exportAll(env, exports, instance, list);
}

}  // namespace millrace
