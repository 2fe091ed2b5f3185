/** SRTP and SRTCP (RFC 3711, RFC 7714) for one association. Counting packets is TypeScript's work. */
#pragma once

#include "call.h"
#include "openssl.h"

namespace millrace {

/** Numbers of the DTLS-SRTP registry (RFC 5764 §4.1.2, RFC 7714 §14.2). */
enum class SrtpProfile : uint32_t { aes128CmSha1_80 = 1, aeadAes128Gcm = 7 };

constexpr size_t kSrtpKeyBytes = 16;
constexpr size_t kGcmSaltBytes = 12;
constexpr size_t kCmSaltBytes = 14;
constexpr size_t kGcmTagBytes = 16;
constexpr size_t kCmTagBytes = 10;
/** Without CSRCs and extensions (RFC 3550 §5.1). */
constexpr size_t kRtpHeaderBytes = 12;
/** What SRTCP leaves in the clear: first word and sender's SSRC (RFC 3711 §3.4). */
constexpr size_t kRtcpHeaderBytes = 8;
constexpr size_t kSrtcpIndexBytes = 4;
/** The count of RTP padding is its last byte (RFC 3550 §5.1). */
constexpr size_t kPaddingBytesMax = 255;

/** Fetched once per environment: looking an algorithm up costs more than a packet. */
struct Ciphers {
  Ciphers();
  bool ok() const { return gcm && ctr && hmac; }

  CipherPtr gcm;
  CipherPtr ctr;
  MacPtr hmac;
};

struct RtpParts {
  /** With CSRCs and extensions: what is authenticated but not encrypted. */
  const uint8_t* header;
  size_t headerLength;
  const uint8_t* payload;
  size_t payloadLength;
  /** Bytes of RTP padding to append (RFC 3550 §5.1); the header's P bit is the caller's. */
  size_t padding;

  size_t size() const { return headerLength + payloadLength + padding; }
};

/** Session keys and kept contexts for RTP or for RTCP, one way. Per packet only the IV is set. */
class SrtpFlow {
 public:
  enum class Kind { rtp, rtcp };
  enum class Way { protect, unprotect };

  bool init(const Ciphers& ciphers, SrtpProfile profile, Bytes key, Bytes salt, Kind kind, Way way);

  size_t tagBytes() const { return gcm_ ? kGcmTagBytes : kCmTagBytes; }

  /** `out` has room for parts.size() + tagBytes(); it may be where header and payload already are. */
  bool protectRtp(const RtpParts& parts, uint32_t roc, uint8_t* out);
  /** @returns length of the plain packet, or -1 */
  int64_t unprotectRtp(Bytes packet, size_t headerLength, uint32_t roc);
  /** `packet` has room for index and tag after `length` bytes. @returns the protected length, or -1 */
  int64_t protectRtcp(uint8_t* packet, size_t length, uint32_t index);
  /** @returns length of the plain compound, or -1 */
  int64_t unprotectRtcp(Bytes packet, uint32_t* index);

 private:
  static constexpr size_t kIvBytes = 16;

  void rtpIv(const uint8_t* header, uint32_t roc, uint8_t* iv) const;
  void rtcpIv(const uint8_t* packet, uint32_t index, uint8_t* iv) const;
  bool start(const uint8_t* iv);
  bool authenticateOnly(const uint8_t* data, size_t size);
  bool transform(const uint8_t* in, size_t size, uint8_t* out);
  bool sealGcm(uint8_t* tag);
  bool openGcm(const uint8_t* tag);
  bool hmac(const uint8_t* data, size_t size, const uint8_t* suffix, uint8_t* tag);
  bool hmacMatches(const uint8_t* data, size_t size, const uint8_t* suffix, const uint8_t* tag);

  bool gcm_ = false;
  uint8_t salt_[kCmSaltBytes] = {};
  CipherCtxPtr cipher_;
  MacCtxPtr mac_;
};

struct Srtp {
  SrtpFlow sendRtp;
  SrtpFlow sendRtcp;
  SrtpFlow receiveRtp;
  SrtpFlow receiveRtcp;
  uint32_t lastRtcpIndex = 0;
};

inline uint32_t readU32(const uint8_t* at) {
  return static_cast<uint32_t>(at[0]) << 24 | static_cast<uint32_t>(at[1]) << 16 |
         static_cast<uint32_t>(at[2]) << 8 | at[3];
}

inline void writeU32(uint8_t* at, uint32_t value) {
  at[0] = static_cast<uint8_t>(value >> 24);
  at[1] = static_cast<uint8_t>(value >> 16);
  at[2] = static_cast<uint8_t>(value >> 8);
  at[3] = static_cast<uint8_t>(value);
}

}  // namespace millrace
