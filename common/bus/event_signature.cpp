#include "common/bus/event_signature.h"

#include "common/contracts/bus_rights.h"

namespace mm::bus {
namespace {

// The parts are separated by line breaks, which neither a subject nor a message id can contain.
std::string signed_text(std::string_view subject, std::string_view message_id, std::string_view body) {
  std::string text;
  text.reserve(subject.size() + message_id.size() + body.size() + 2);
  text.append(subject).append("\n").append(message_id).append("\n").append(body);
  return text;
}

}  // namespace

std::string sign_event(const security::SigningKey& key, std::string_view subject, std::string_view message_id,
                       std::string_view body) {
  return key.sign(signed_text(subject, message_id, body));
}

bool has_valid_signature(const EventKeys& keys, std::string_view subject, std::string_view message_id,
                         std::string_view body, std::string_view signature) {
  const auto found = keys.publishers.find(rights::publisher_of(subject));
  if (found == keys.publishers.end()) return true;
  if (message_id.find('\n') != std::string_view::npos) return false;
  return found->second.verifies(signed_text(subject, message_id, body), signature);
}

}  // namespace mm::bus
