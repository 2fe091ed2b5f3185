#include "srtp.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <cstring>

namespace millrace {

static constexpr size_t kAuthenticationKeyBytes = 20;
static constexpr size_t kSha1Bytes = 20;
/** Set in the SRTCP index word of an encrypted packet (RFC 3711 §3.4). */
static constexpr uint32_t kEncryptedFlag = 0x8000'0000;

Ciphers::Ciphers()
    : gcm(EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr)),
      ctr(EVP_CIPHER_fetch(nullptr, "AES-128-CTR", nullptr)),
      hmac(EVP_MAC_fetch(nullptr, "HMAC", nullptr)) {}

// --- keys

/** The key derivation function with a derivation rate of 0 (RFC 3711 §4.3): AES-CTR over nothing. */
static bool derive(const EVP_CIPHER* ctr, const uint8_t* key, const uint8_t* salt, uint8_t label,
                   uint8_t* out, size_t size) {
  static constexpr uint8_t zeros[32] = {};
  uint8_t iv[16] = {};
  memcpy(iv, salt, kCmSaltBytes);
  iv[7] ^= label;
  CipherCtxPtr context(EVP_CIPHER_CTX_new());
  int written = 0;
  return context && EVP_EncryptInit_ex(context.get(), ctr, nullptr, key, iv) == 1 &&
         EVP_EncryptUpdate(context.get(), out, &written, zeros, static_cast<int>(size)) == 1;
}

static MacCtxPtr openHmac(EVP_MAC* hmac, const uint8_t* key) {
  MacCtxPtr context(EVP_MAC_CTX_new(hmac));
  char digest[] = "SHA1";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
  if (!context || EVP_MAC_init(context.get(), key, kAuthenticationKeyBytes, parameters) != 1) {
    return nullptr;
  }
  return context;
}

bool SrtpFlow::init(const Ciphers& ciphers, SrtpProfile profile, Bytes key, Bytes salt, Kind kind,
                    Way way) {
  gcm_ = profile == SrtpProfile::aeadAes128Gcm;
  // A 96-bit salt is padded on the right for the derivation (RFC 7714 §11).
  uint8_t masterSalt[kCmSaltBytes] = {};
  memcpy(masterSalt, salt.data, std::min(salt.size, sizeof masterSalt));
  const uint8_t label = kind == Kind::rtp ? 0 : 3;
  uint8_t sessionKey[kSrtpKeyBytes];
  uint8_t authenticationKey[kAuthenticationKeyBytes];
  const EVP_CIPHER* ctr = ciphers.ctr.get();
  bool ok = derive(ctr, key.data, masterSalt, label, sessionKey, sizeof sessionKey) &&
            derive(ctr, key.data, masterSalt, label + 1, authenticationKey,
                   sizeof authenticationKey) &&
            derive(ctr, key.data, masterSalt, label + 2, salt_, gcm_ ? kGcmSaltBytes : kCmSaltBytes);
  const EVP_CIPHER* cipher = gcm_ ? ciphers.gcm.get() : ctr;
  cipher_.reset(EVP_CIPHER_CTX_new());
  ok = ok && cipher_ &&
       EVP_CipherInit_ex(cipher_.get(), cipher, nullptr, sessionKey, nullptr,
                         way == Way::protect ? 1 : 0) == 1;
  if (ok && !gcm_) {
    mac_ = openHmac(ciphers.hmac.get(), authenticationKey);
    ok = mac_ != nullptr;
  }
  OPENSSL_cleanse(masterSalt, sizeof masterSalt);
  OPENSSL_cleanse(sessionKey, sizeof sessionKey);
  OPENSSL_cleanse(authenticationKey, sizeof authenticationKey);
  return ok;
}

// --- initialisation vectors

static void xorInto(uint8_t* to, const uint8_t* from, size_t size) {
  for (size_t i = 0; i < size; i++) to[i] ^= from[i];
}

/** GCM: 00 00 SSRC ROC SEQ, 12 bytes (RFC 7714 §8.1). CM: SSRC at 4, ROC and SEQ at 8, 16 bytes (RFC 3711 §4.1.1). */
void SrtpFlow::rtpIv(const uint8_t* header, uint32_t roc, uint8_t* iv) const {
  const size_t ssrcAt = gcm_ ? 2 : 4;
  memset(iv, 0, kIvBytes);
  memcpy(iv + ssrcAt, header + 8, 4);
  writeU32(iv + ssrcAt + 4, roc);
  memcpy(iv + ssrcAt + 8, header + 2, 2);
  xorInto(iv, salt_, gcm_ ? kGcmSaltBytes : kCmSaltBytes);
}

/** GCM: 00 00 SSRC 00 00 index (RFC 7714 §9.1). CM: SSRC at 4, the 48-bit index at 8 (RFC 3711 §4.1.1). */
void SrtpFlow::rtcpIv(const uint8_t* packet, uint32_t index, uint8_t* iv) const {
  memset(iv, 0, kIvBytes);
  memcpy(iv + (gcm_ ? 2 : 4), packet + 4, 4);
  writeU32(iv + (gcm_ ? 8 : 10), index);
  xorInto(iv, salt_, gcm_ ? kGcmSaltBytes : kCmSaltBytes);
}

// --- the primitives, each over a kept context

bool SrtpFlow::start(const uint8_t* iv) {
  return EVP_CipherInit_ex(cipher_.get(), nullptr, nullptr, nullptr, iv, -1) == 1;
}

bool SrtpFlow::authenticateOnly(const uint8_t* data, size_t size) {
  int written = 0;
  return EVP_CipherUpdate(cipher_.get(), nullptr, &written, data, static_cast<int>(size)) == 1;
}

bool SrtpFlow::transform(const uint8_t* in, size_t size, uint8_t* out) {
  int written = 0;
  return size == 0 ||
         EVP_CipherUpdate(cipher_.get(), out, &written, in, static_cast<int>(size)) == 1;
}

bool SrtpFlow::sealGcm(uint8_t* tag) {
  int written = 0;
  return EVP_CipherFinal_ex(cipher_.get(), tag, &written) == 1 &&
         EVP_CIPHER_CTX_ctrl(cipher_.get(), EVP_CTRL_AEAD_GET_TAG, kGcmTagBytes, tag) == 1;
}

bool SrtpFlow::openGcm(const uint8_t* tag) {
  uint8_t none[16];
  int written = 0;
  return EVP_CIPHER_CTX_ctrl(cipher_.get(), EVP_CTRL_AEAD_SET_TAG, kGcmTagBytes,
                             const_cast<uint8_t*>(tag)) == 1 &&
         EVP_CipherFinal_ex(cipher_.get(), none, &written) == 1;
}

/** HMAC-SHA1 over data and, for RTP, the ROC (RFC 3711 §4.2); `tag` takes the first 80 bits. */
bool SrtpFlow::hmac(const uint8_t* data, size_t size, const uint8_t* suffix, uint8_t* tag) {
  uint8_t digest[kSha1Bytes];
  size_t written = 0;
  const bool ok = EVP_MAC_init(mac_.get(), nullptr, 0, nullptr) == 1 &&
                  EVP_MAC_update(mac_.get(), data, size) == 1 &&
                  (suffix == nullptr || EVP_MAC_update(mac_.get(), suffix, 4) == 1) &&
                  EVP_MAC_final(mac_.get(), digest, &written, sizeof digest) == 1;
  memcpy(tag, digest, kCmTagBytes);
  return ok;
}

bool SrtpFlow::hmacMatches(const uint8_t* data, size_t size, const uint8_t* suffix,
                           const uint8_t* tag) {
  uint8_t expected[kCmTagBytes];
  return hmac(data, size, suffix, expected) && CRYPTO_memcmp(expected, tag, kCmTagBytes) == 0;
}

// --- packets

bool SrtpFlow::protectRtp(const RtpParts& parts, uint32_t roc, uint8_t* out) {
  uint8_t iv[kIvBytes];
  rtpIv(parts.header, roc, iv);
  if (out != parts.header) memcpy(out, parts.header, parts.headerLength);
  uint8_t* body = out + parts.headerLength;
  uint8_t* tag = out + parts.size();
  if (!start(iv)) return false;
  if (gcm_ && !authenticateOnly(parts.header, parts.headerLength)) return false;
  if (!transform(parts.payload, parts.payloadLength, body)) return false;
  if (parts.padding > 0) {
    uint8_t padding[kPaddingBytesMax] = {};
    padding[parts.padding - 1] = static_cast<uint8_t>(parts.padding);
    if (!transform(padding, parts.padding, body + parts.payloadLength)) return false;
  }
  if (gcm_) return sealGcm(tag);
  uint8_t rocBytes[4];
  writeU32(rocBytes, roc);
  return hmac(out, parts.size(), rocBytes, tag);
}

int64_t SrtpFlow::unprotectRtp(Bytes packet, size_t headerLength, uint32_t roc) {
  if (headerLength < kRtpHeaderBytes || !packet.holds(headerLength, tagBytes())) return -1;
  const size_t plainLength = packet.size - tagBytes();
  const uint8_t* tag = packet.data + plainLength;
  uint8_t* body = packet.data + headerLength;
  uint8_t iv[kIvBytes];
  rtpIv(packet.data, roc, iv);
  uint8_t rocBytes[4];
  writeU32(rocBytes, roc);
  const bool ok =
      gcm_ ? start(iv) && authenticateOnly(packet.data, headerLength) &&
                 transform(body, plainLength - headerLength, body) && openGcm(tag)
           : hmacMatches(packet.data, plainLength, rocBytes, tag) && start(iv) &&
                 transform(body, plainLength - headerLength, body);
  return ok ? static_cast<int64_t>(plainLength) : -1;
}

int64_t SrtpFlow::protectRtcp(uint8_t* packet, size_t length, uint32_t index) {
  if (length < kRtcpHeaderBytes) return -1;
  uint8_t iv[kIvBytes];
  rtcpIv(packet, index, iv);
  uint8_t* body = packet + kRtcpHeaderBytes;
  uint8_t word[kSrtcpIndexBytes];
  writeU32(word, kEncryptedFlag | index);
  const size_t bodyLength = length - kRtcpHeaderBytes;
  bool ok = start(iv);
  if (gcm_) {
    // The tag comes before the index (RFC 7714 §9.2).
    ok = ok && authenticateOnly(packet, kRtcpHeaderBytes) && authenticateOnly(word, sizeof word) &&
         transform(body, bodyLength, body) && sealGcm(packet + length);
    memcpy(packet + length + kGcmTagBytes, word, sizeof word);
  } else {
    memcpy(packet + length, word, sizeof word);
    ok = ok && transform(body, bodyLength, body) &&
         hmac(packet, length + sizeof word, nullptr, packet + length + sizeof word);
  }
  return ok ? static_cast<int64_t>(length + sizeof word + tagBytes()) : -1;
}

int64_t SrtpFlow::unprotectRtcp(Bytes packet, uint32_t* index) {
  const size_t overhead = kSrtcpIndexBytes + tagBytes();
  if (packet.size < kRtcpHeaderBytes + overhead) return -1;
  const size_t plainLength = packet.size - overhead;
  uint8_t* body = packet.data + kRtcpHeaderBytes;
  const uint8_t* word = packet.data + plainLength + (gcm_ ? kGcmTagBytes : 0);
  const uint8_t* tag = packet.data + plainLength + (gcm_ ? 0 : kSrtcpIndexBytes);
  // DTLS-SRTP's profiles always encrypt RTCP (RFC 5764 §4.1.2).
  if ((readU32(word) & kEncryptedFlag) == 0) return -1;
  *index = readU32(word) & ~kEncryptedFlag;
  uint8_t iv[kIvBytes];
  rtcpIv(packet.data, *index, iv);
  const size_t bodyLength = plainLength - kRtcpHeaderBytes;
  const bool ok =
      gcm_ ? start(iv) && authenticateOnly(packet.data, kRtcpHeaderBytes) &&
                 authenticateOnly(word, kSrtcpIndexBytes) && transform(body, bodyLength, body) &&
                 openGcm(tag)
           : hmacMatches(packet.data, plainLength + kSrtcpIndexBytes, nullptr, tag) && start(iv) &&
                 transform(body, bodyLength, body);
  return ok ? static_cast<int64_t>(plainLength) : -1;
}

}  // namespace millrace
