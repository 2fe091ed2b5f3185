/** notifySocket: one datagram to a Unix socket, which Node cannot send: how a service speaks to systemd (sd_notify(3)). */
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "instance.h"

namespace millrace {

static napi_value notifySocket(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const std::string path = call.text(0);
  const std::string message = call.text(1);
  if (!call.ok()) return nullptr;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() > sizeof address.sun_path) {
    return call.refuse("the socket's path is empty or too long");
  }
  memcpy(address.sun_path, path.data(), path.size());
  // A name in the abstract namespace is written with an @ where its first byte is 0.
  if (path[0] == '@') address.sun_path[0] = 0;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return call.fail(std::string("socket: ") + strerror(errno));
  const ssize_t sent = sendto(fd, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                              reinterpret_cast<const sockaddr*>(&address), size);
  const int problem = errno;
  close(fd);
  return sent < 0 ? call.fail(std::string("sendto: ") + strerror(problem)) : call.undefined();
}

void exportNotify(napi_env env, napi_value exports, Instance* instance) {
  static constexpr Export list[] = {{"notifySocket", notifySocket}};
  exportAll(env, exports, instance, list);
}

}  // namespace millrace
