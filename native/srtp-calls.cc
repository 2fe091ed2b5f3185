/** srtpNew … srtcpProtect: single packets. Media goes through protectBatch. */
#include "instance.h"

namespace millrace {

static bool initWay(Srtp& srtp, const Ciphers& ciphers, SrtpProfile profile, Bytes key, Bytes salt,
                    SrtpFlow::Way way) {
  const bool sends = way == SrtpFlow::Way::protect;
  SrtpFlow& rtp = sends ? srtp.sendRtp : srtp.receiveRtp;
  SrtpFlow& rtcp = sends ? srtp.sendRtcp : srtp.receiveRtcp;
  return rtp.init(ciphers, profile, key, salt, SrtpFlow::Kind::rtp, way) &&
         rtcp.init(ciphers, profile, key, salt, SrtpFlow::Kind::rtcp, way);
}

static napi_value srtpNew(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const auto profile = static_cast<SrtpProfile>(call.u32(0));
  const Bytes localKey = call.bytes(1);
  const Bytes localSalt = call.bytes(2);
  const Bytes remoteKey = call.bytes(3);
  const Bytes remoteSalt = call.bytes(4);
  if (!call.ok()) return nullptr;
  const bool gcm = profile == SrtpProfile::aeadAes128Gcm;
  if (!gcm && profile != SrtpProfile::aes128CmSha1_80) return call.refuse("unknown SRTP profile");
  const size_t saltBytes = gcm ? kGcmSaltBytes : kCmSaltBytes;
  if (localKey.size != kSrtpKeyBytes || remoteKey.size != kSrtpKeyBytes ||
      localSalt.size != saltBytes || remoteSalt.size != saltBytes) {
    return call.refuse("SRTP key or salt of the wrong length");
  }
  ERR_clear_error();
  auto srtp = std::make_unique<Srtp>();
  const Ciphers& ciphers = call.instance().ciphers;
  if (!initWay(*srtp, ciphers, profile, localKey, localSalt, SrtpFlow::Way::protect) ||
      !initWay(*srtp, ciphers, profile, remoteKey, remoteSalt, SrtpFlow::Way::unprotect)) {
    return call.fail(takeOpensslError());
  }
  return call.number(call.instance().srtps.add(std::move(srtp)));
}

static napi_value srtpFree(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const uint32_t handle = call.u32(0);
  if (!call.ok()) return nullptr;
  if (!call.instance().srtps.remove(handle)) return call.refuse("no such SRTP");
  return call.undefined();
}

/** The Srtp that argument 0 names, or nullptr after throwing. Read all other arguments first. */
static Srtp* srtpOf(Call& call) {
  const uint32_t handle = call.u32(0);
  if (!call.ok()) return nullptr;
  Srtp* srtp = call.instance().srtps.get(handle);
  if (srtp == nullptr) call.refuse("no such SRTP");
  return srtp;
}

/** A refused tag leaves an entry in the error queue that Node's own crypto would trip over. */
static napi_value lengthOf(const Call& call, int64_t length) {
  if (length < 0) ERR_clear_error();
  return call.number(static_cast<double>(length));
}

static napi_value srtpUnprotect(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const Bytes packet = call.bytes(1);
  const uint32_t headerLength = call.u32(2);
  const uint32_t roc = call.u32(3);
  Srtp* srtp = srtpOf(call);
  if (srtp == nullptr) return nullptr;
  return lengthOf(call, srtp->receiveRtp.unprotectRtp(packet, headerLength, roc));
}

static napi_value srtpProtect(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const Bytes buffer = call.bytes(1);
  const uint32_t length = call.u32(2);
  const uint32_t headerLength = call.u32(3);
  const uint32_t roc = call.u32(4);
  Srtp* srtp = srtpOf(call);
  if (srtp == nullptr) return nullptr;
  if (headerLength < kRtpHeaderBytes || headerLength > length || length > buffer.size) {
    return call.refuse("not an RTP packet inside its buffer");
  }
  SrtpFlow& flow = srtp->sendRtp;
  if (!buffer.holds(length, flow.tagBytes())) return call.number(-1);
  const RtpParts parts = {buffer.data, headerLength, buffer.data + headerLength,
                          length - headerLength, 0};
  if (!flow.protectRtp(parts, roc, buffer.data)) return call.fail(takeOpensslError());
  return call.number(static_cast<double>(length + flow.tagBytes()));
}

static napi_value srtcpUnprotect(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const Bytes packet = call.bytes(1);
  Srtp* srtp = srtpOf(call);
  if (srtp == nullptr) return nullptr;
  return lengthOf(call, srtp->receiveRtcp.unprotectRtcp(packet, &srtp->lastRtcpIndex));
}

static napi_value srtcpIndex(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const Srtp* srtp = srtpOf(call);
  return srtp == nullptr ? nullptr : call.number(srtp->lastRtcpIndex);
}

static napi_value srtcpProtect(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const Bytes buffer = call.bytes(1);
  const uint32_t length = call.u32(2);
  const uint32_t index = call.u32(3);
  Srtp* srtp = srtpOf(call);
  if (srtp == nullptr) return nullptr;
  if (length < kRtcpHeaderBytes || length > buffer.size || index > 0x7fff'ffff) {
    return call.refuse("not an RTCP packet inside its buffer, or an index of more than 31 bits");
  }
  if (!buffer.holds(length, kSrtcpIndexBytes + srtp->sendRtcp.tagBytes())) return call.number(-1);
  return lengthOf(call, srtp->sendRtcp.protectRtcp(buffer.data, length, index));
}

void exportSrtp(napi_env env, napi_value exports, Instance* instance) {
  static constexpr Export list[] = {
      {"srtpNew", srtpNew},
      {"srtpFree", srtpFree},
      {"srtpUnprotect", srtpUnprotect},
      {"srtpProtect", srtpProtect},
      {"srtcpUnprotect", srtcpUnprotect},
      {"srtcpIndex", srtcpIndex},
      {"srtcpProtect", srtcpProtect},
  };
  exportAll(env, exports, instance, list);
}

}  // namespace millrace
