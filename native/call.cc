#include "call.h"

#include <cstdio>
#include <cstring>

namespace millrace {

Call::Call(napi_env environment, napi_callback_info info) : env(environment) {
  size_t count = kArgumentsMax;
  void* data = nullptr;
  // Missing arguments arrive as undefined, which each reader below refuses.
  napi_get_cb_info(env, info, &count, arguments_, nullptr, &data);
  instance_ = static_cast<Instance*>(data);
}

uint32_t Call::u32(size_t index) {
  uint32_t value = 0;
  if (napi_get_value_uint32(env, arguments_[index], &value) != napi_ok) wrong(index, "a number");
  return value;
}

int32_t Call::i32(size_t index) {
  int32_t value = 0;
  if (napi_get_value_int32(env, arguments_[index], &value) != napi_ok) wrong(index, "a number");
  return value;
}

bool Call::flag(size_t index) {
  bool value = false;
  if (napi_get_value_bool(env, arguments_[index], &value) != napi_ok) wrong(index, "a boolean");
  return value;
}

std::string Call::text(size_t index) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, arguments_[index], nullptr, 0, &length) != napi_ok) {
    wrong(index, "a string");
    return {};
  }
  std::string value(length, '\0');
  napi_get_value_string_utf8(env, arguments_[index], value.data(), length + 1, &length);
  return value;
}

bool Call::isNull(size_t index) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, arguments_[index], &type);
  return type == napi_null;
}

Bytes Call::bytes(size_t index) {
  Bytes view;
  view.data = static_cast<uint8_t*>(array(index, napi_uint8_array, &view.size));
  return view;
}

View<uint32_t> Call::words(size_t index) {
  View<uint32_t> view;
  view.data = static_cast<uint32_t*>(array(index, napi_uint32_array, &view.size));
  return view;
}

View<int32_t> Call::ints(size_t index) {
  View<int32_t> view;
  view.data = static_cast<int32_t*>(array(index, napi_int32_array, &view.size));
  return view;
}

View<double> Call::doubles(size_t index) {
  View<double> view;
  view.data = static_cast<double*>(array(index, napi_float64_array, &view.size));
  return view;
}

void* Call::array(size_t index, napi_typedarray_type wanted, size_t* length) {
  napi_typedarray_type type;
  void* data = nullptr;
  const napi_status status = napi_get_typedarray_info(env, arguments_[index], &type, length, &data,
                                                      nullptr, nullptr);
  if (status == napi_ok && type == wanted) return data;
  *length = 0;
  wrong(index, "a typed array of the kind in addon.ts");
  return nullptr;
}

void Call::wrong(size_t index, const char* wanted) {
  if (!ok_) return;  // the first one is told
  ok_ = false;
  char message[96];
  snprintf(message, sizeof message, "argument %zu must be %s", index, wanted);
  napi_throw_type_error(env, nullptr, message);
}

napi_value Call::number(double value) const {
  napi_value result = nullptr;
  napi_create_double(env, value, &result);
  return result;
}

napi_value Call::boolean(bool value) const {
  napi_value result = nullptr;
  napi_get_boolean(env, value, &result);
  return result;
}

napi_value Call::string(const std::string& value) const {
  napi_value result = nullptr;
  napi_create_string_utf8(env, value.data(), value.size(), &result);
  return result;
}

napi_value Call::copyOf(const uint8_t* data, size_t size) const {
  napi_value buffer = nullptr;
  napi_value result = nullptr;
  void* memory = nullptr;
  if (napi_create_arraybuffer(env, size, &memory, &buffer) != napi_ok) return nullptr;
  if (size > 0) memcpy(memory, data, size);
  napi_create_typedarray(env, napi_uint8_array, size, buffer, 0, &result);
  return result;
}

napi_value Call::undefined() const {
  napi_value result = nullptr;
  napi_get_undefined(env, &result);
  return result;
}

napi_value Call::object() const {
  napi_value result = nullptr;
  napi_create_object(env, &result);
  return result;
}

void Call::set(napi_value object, const char* name, napi_value value) const {
  napi_set_named_property(env, object, name, value);
}

napi_value Call::refuse(const char* message) {
  ok_ = false;
  napi_throw_range_error(env, nullptr, message);
  return nullptr;
}

napi_value Call::fail(const std::string& message) {
  ok_ = false;
  napi_throw_error(env, nullptr, message.c_str());
  return nullptr;
}

}  // namespace millrace
