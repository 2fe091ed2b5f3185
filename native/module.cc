/** The addon's entry: one Instance per JavaScript environment, given to every function as its data. */
#include "instance.h"

namespace millrace {

static void dropInstance(napi_env, void* data, void*) {
  delete static_cast<Instance*>(data);
}

static napi_value load(napi_env env, napi_value exports) {
  auto instance = std::make_unique<Instance>();
  if (!instance->ciphers.ok() || !instance->datagramBio.ok()) {
    napi_throw_error(env, nullptr, "this Node's OpenSSL lacks AES-128-GCM, AES-128-CTR or HMAC-SHA1");
    return nullptr;
  }
  Instance* kept = instance.get();
  if (napi_set_instance_data(env, kept, dropInstance, nullptr) != napi_ok) return nullptr;
  instance.release();
  exportCertificate(env, exports, kept);
  exportDtls(env, exports, kept);
  exportSrtp(env, exports, kept);
  exportBatch(env, exports, kept);
  exportSend(env, exports, kept);
  exportSocket(env, exports, kept);
  exportNotify(env, exports, kept);
  return exports;
}

}  // namespace millrace

NAPI_MODULE_INIT() {
  return millrace::load(env, exports);
}
