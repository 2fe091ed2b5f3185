#include "dtls.h"

#include <openssl/pem.h>
#include <openssl/srtp.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>

#include "instance.h"

namespace millrace {

/** Fits every path that WebRTC works on at all, and is what browsers use. Without IP and UDP headers. */
static constexpr long kDatagramBytesMax = 1200;
/** What a peer may make us hold as one handshake message. Browsers' certificates take 300 to 800 bytes. */
static constexpr long kPeerCertificateBytesMax = 16 * 1024;
/**
 * RFC 6347 §4.2.4.1 asks for 1 s; over a path that ICE has just measured that is a second without a picture.
 * Doubled each time up to the maximum; OpenSSL gives up after 12 retransmissions, about half a minute.
 */
static constexpr unsigned kRetransmitFirstUs = 200'000;
static constexpr unsigned kRetransmitMaxUs = 3'200'000;
static constexpr unsigned kRetransmitNeverUs = 0xffff'ffff;

/** Modern and forward secret only. Ours is an ECDSA certificate; RSA is for peers whose client we are. */
static constexpr char kCiphers[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
static constexpr char kGroups[] = "X25519:P-256:P-384";
/** In our order of preference, which decides when we are the server. */
static constexpr char kSrtpProfiles[] = "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80";

/** RFC 5764 §4.2. */
static constexpr char kExporterLabel[] = "EXTRACTOR-dtls_srtp";

// --- the datagram BIO

static DtlsAssociation* associationOf(BIO* bio) {
  return static_cast<DtlsAssociation*>(BIO_get_data(bio));
}

static int bioRead(BIO* bio, char* out, int size) {
  BIO_clear_retry_flags(bio);
  DtlsAssociation* association = associationOf(bio);
  const Bytes datagram = association->input;
  if (datagram.size == 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  association->input = {};
  const size_t taken = std::min(datagram.size, static_cast<size_t>(std::max(size, 0)));
  memcpy(out, datagram.data, taken);  // what does not fit is lost, as with a socket
  return static_cast<int>(taken);
}

static int bioWrite(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  if (size > 0) associationOf(bio)->output.emplace_back(data, data + size);
  return size;
}

static long bioControl(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_PENDING:
      return static_cast<long>(associationOf(bio)->input.size);
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
      return kDatagramBytesMax;
    default:
      return 0;  // among them GET_MTU_OVERHEAD: kDatagramBytesMax counts payload
  }
}

static int bioCreate(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

DatagramBio::DatagramBio() : method_(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "millrace datagrams")) {
  if (!method_) return;
  BIO_meth_set_read(method_.get(), bioRead);
  BIO_meth_set_write(method_.get(), bioWrite);
  BIO_meth_set_ctrl(method_.get(), bioControl);
  BIO_meth_set_create(method_.get(), bioCreate);
}

BIO* DatagramBio::open(DtlsAssociation* association) const {
  BIO* bio = BIO_new(method_.get());
  if (bio != nullptr) BIO_set_data(bio, association);
  return bio;
}

// --- context

/** Any certificate will do here: the Peer compares its fingerprint with the session description (RFC 8122). */
static int acceptCertificate(X509_STORE_CTX*, void*) {
  return 1;
}

static bool setIdentity(SSL_CTX* ssl, const std::string& certificatePem, const std::string& keyPem) {
  BioPtr certificateBio(BIO_new_mem_buf(certificatePem.data(), static_cast<int>(certificatePem.size())));
  BioPtr keyBio(BIO_new_mem_buf(keyPem.data(), static_cast<int>(keyPem.size())));
  if (!certificateBio || !keyBio) return false;
  X509Ptr certificate(PEM_read_bio_X509(certificateBio.get(), nullptr, nullptr, nullptr));
  KeyPtr key(PEM_read_bio_PrivateKey(keyBio.get(), nullptr, nullptr, nullptr));
  return certificate && key && SSL_CTX_use_certificate(ssl, certificate.get()) == 1 &&
         SSL_CTX_use_PrivateKey(ssl, key.get()) == 1 && SSL_CTX_check_private_key(ssl) == 1;
}

static bool configure(SSL_CTX* ssl) {
  SSL_CTX_set_options(ssl, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                               SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(ssl, acceptCertificate, nullptr);
  SSL_CTX_set_max_cert_list(ssl, kPeerCertificateBytesMax);
  // The write buffer is as large as the largest record: 15 KB less for each association.
  SSL_CTX_set_max_send_fragment(ssl, kDatagramBytesMax);
  return SSL_CTX_set_min_proto_version(ssl, DTLS1_2_VERSION) == 1 &&
         SSL_CTX_set_max_proto_version(ssl, DTLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(ssl, kCiphers) == 1 && SSL_CTX_set1_groups_list(ssl, kGroups) == 1 &&
         SSL_CTX_set_tlsext_use_srtp(ssl, kSrtpProfiles) == 0;  // 0 is success here
}

static napi_value dtlsContext(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const std::string certificatePem = call.text(0);
  const std::string keyPem = call.text(1);
  if (!call.ok()) return nullptr;
  ERR_clear_error();
  auto context = std::make_unique<DtlsContext>();
  context->ssl.reset(SSL_CTX_new(DTLS_method()));
  if (!context->ssl || !configure(context->ssl.get()) ||
      !setIdentity(context->ssl.get(), certificatePem, keyPem)) {
    return call.fail(takeOpensslError());
  }
  return call.number(call.instance().contexts.add(std::move(context)));
}

// --- association

/** OpenSSL asks with 0 when it starts the timer, else with the delay that has just run out. */
static unsigned retransmitDelay(SSL* ssl, unsigned lastUs) {
  const auto* association = static_cast<DtlsAssociation*>(SSL_get_app_data(ssl));
  if (association->reliable) return kRetransmitNeverUs;
  return lastUs == 0 ? kRetransmitFirstUs : std::min(lastUs * 2, kRetransmitMaxUs);
}

static napi_value dtlsNew(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const uint32_t handle = call.u32(0);
  const bool isServer = call.flag(1);
  const bool reliable = call.flag(2);
  if (!call.ok()) return nullptr;
  const DtlsContext* context = call.instance().contexts.get(handle);
  if (context == nullptr) return call.refuse("no such DTLS context");
  ERR_clear_error();
  auto association = std::make_unique<DtlsAssociation>();
  association->reliable = reliable;
  association->ssl.reset(SSL_new(context->ssl.get()));
  SSL* ssl = association->ssl.get();
  BIO* bio = ssl == nullptr ? nullptr : call.instance().datagramBio.open(association.get());
  if (bio == nullptr) return call.fail(takeOpensslError());
  SSL_set_bio(ssl, bio, bio);
  SSL_set_app_data(ssl, association.get());
  SSL_set_mtu(ssl, kDatagramBytesMax);
  DTLS_set_timer_cb(ssl, retransmitDelay);
  if (isServer) {
    SSL_set_accept_state(ssl);
  } else {
    SSL_set_connect_state(ssl);
  }
  return call.number(call.instance().associations.add(std::move(association)));
}

/** OpenSSL numbers the alerts that it received from 1000 on. */
static bool isAlertReceived(unsigned long code) {
  return ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) >= SSL_AD_REASON_OFFSET;
}

static void fail(DtlsAssociation& association) {
  const bool alert = isAlertReceived(ERR_peek_last_error());
  association.failed = true;
  association.error = (alert ? "alert: " : "failed: ") + takeOpensslError();
}

/** Sorts out why an SSL call stopped: nothing more to read, the peer's goodbye, or the end. */
static void settle(DtlsAssociation& association, int result) {
  switch (SSL_get_error(association.ssl.get(), result)) {
    case SSL_ERROR_NONE:
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return;
    case SSL_ERROR_ZERO_RETURN:
      association.closed = true;
      return;
    default:
      fail(association);
  }
}

/**
 * Gives back 16 KB that an association without application data hardly ever needs. OpenSSL 3.0 (Node 20) would
 * then write its next alert into the freed buffer; since its record layer was rewritten in 3.2 it allocates anew.
 */
static void releaseBuffers(SSL* ssl) {
  constexpr unsigned long firstSafe = 0x3020'0000;
  if (OpenSSL_version_num() >= firstSafe) SSL_free_buffers(ssl);
}

/** Reads what came after the handshake: alerts, a repeated Finished, application data (thrown away). */
static void drain(DtlsAssociation& association) {
  uint8_t scratch[2048];
  int result = 0;
  do {
    result = SSL_read(association.ssl.get(), scratch, sizeof scratch);
  } while (result > 0);
  settle(association, result);
  releaseBuffers(association.ssl.get());
}

static void step(DtlsAssociation& association, Bytes datagram, bool timedOut) {
  SSL* ssl = association.ssl.get();
  if (timedOut && DTLSv1_handle_timeout(ssl) < 0) {
    fail(association);
    return;
  }
  association.input = datagram;
  if (!association.done) {
    const int result = SSL_do_handshake(ssl);
    association.done = result == 1;
    if (!association.done) settle(association, result);
  }
  if (association.done) drain(association);
  association.input = {};
}

static napi_value takeOutput(const Call& call, DtlsAssociation& association) {
  napi_value list = nullptr;
  napi_create_array_with_length(call.env, association.output.size(), &list);
  uint32_t index = 0;
  for (const auto& datagram : association.output) {
    napi_set_element(call.env, list, index++, call.copyOf(datagram.data(), datagram.size()));
  }
  association.output.clear();
  return list;
}

/** Milliseconds until the retransmission timer runs out, rounded up; -1 when it does not run. */
static double timeoutMs(DtlsAssociation& association) {
  timeval left = {};
  if (association.reliable || association.failed || association.closed ||
      DTLSv1_get_timeout(association.ssl.get(), &left) != 1) {
    return -1;
  }
  return static_cast<double>(left.tv_sec) * 1000 + static_cast<double>((left.tv_usec + 999) / 1000);
}

static napi_value dtlsStep(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const uint32_t handle = call.u32(0);
  const Bytes datagram = call.isNull(1) ? Bytes{} : call.bytes(1);
  const bool timedOut = call.flag(2);
  if (!call.ok()) return nullptr;
  DtlsAssociation* association = call.instance().associations.get(handle);
  if (association == nullptr) return call.refuse("no such DTLS association");
  const bool failedBefore = association->failed;
  ERR_clear_error();
  if (!association->failed && !association->closed) step(*association, datagram, timedOut);
  ERR_clear_error();
  const bool failedNow = association->failed && !failedBefore;
  napi_value result = call.object();
  call.set(result, "out", takeOutput(call, *association));
  call.set(result, "done", call.boolean(association->done));
  call.set(result, "closed", call.boolean(association->closed));
  call.set(result, "error", failedNow ? call.string(association->error) : call.undefined());
  call.set(result, "timeoutMs", call.number(timeoutMs(*association)));
  return result;
}

static size_t keyingMaterialSize(unsigned long profile) {
  constexpr size_t key = 16;
  const size_t salt = profile == SRTP_AEAD_AES_128_GCM ? 12 : 14;
  return 2 * (key + salt);
}

static napi_value dtlsResult(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const uint32_t handle = call.u32(0);
  if (!call.ok()) return nullptr;
  DtlsAssociation* association = call.instance().associations.get(handle);
  if (association == nullptr || !association->done) return call.refuse("no finished DTLS handshake");
  ERR_clear_error();
  SSL* ssl = association->ssl.get();
  const SRTP_PROTECTION_PROFILE* chosen = SSL_get_selected_srtp_profile(ssl);
  const unsigned long profile = chosen == nullptr ? 0 : chosen->id;
  uint8_t material[64];
  const size_t materialSize = profile == 0 ? 0 : keyingMaterialSize(profile);
  if (profile != 0 && SSL_export_keying_material(ssl, material, materialSize, kExporterLabel,
                                                 sizeof kExporterLabel - 1, nullptr, 0, 0) != 1) {
    return call.fail(takeOpensslError());
  }
  X509Ptr certificate(SSL_get1_peer_certificate(ssl));
  uint8_t fingerprint[EVP_MAX_MD_SIZE];
  unsigned int fingerprintSize = 0;
  if (!certificate || X509_digest(certificate.get(), EVP_sha256(), fingerprint, &fingerprintSize) != 1) {
    return call.fail(takeOpensslError());
  }
  napi_value result = call.object();
  call.set(result, "profile", call.number(static_cast<double>(profile)));
  call.set(result, "keyingMaterial", call.copyOf(material, materialSize));
  call.set(result, "peerFingerprint", call.copyOf(fingerprint, fingerprintSize));
  OPENSSL_cleanse(material, sizeof material);
  return result;
}

static napi_value dtlsClose(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const uint32_t handle = call.u32(0);
  if (!call.ok()) return nullptr;
  DtlsAssociation* association = call.instance().associations.get(handle);
  if (association == nullptr) return call.refuse("no such DTLS association");
  ERR_clear_error();
  // Before the handshake is done there is nothing to say goodbye to, and OpenSSL would complain.
  if (association->done && !association->failed) SSL_shutdown(association->ssl.get());
  ERR_clear_error();
  return takeOutput(call, *association);
}

static napi_value dtlsFree(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const uint32_t handle = call.u32(0);
  if (!call.ok()) return nullptr;
  if (!call.instance().associations.remove(handle)) return call.refuse("no such DTLS association");
  return call.undefined();
}

void exportDtls(napi_env env, napi_value exports, Instance* instance) {
  static constexpr Export list[] = {
      {"dtlsContext", dtlsContext}, {"dtlsNew", dtlsNew},     {"dtlsStep", dtlsStep},
      {"dtlsResult", dtlsResult},   {"dtlsClose", dtlsClose}, {"dtlsFree", dtlsFree},
  };
  exportAll(env, exports, instance, list);
}

}  // namespace millrace
