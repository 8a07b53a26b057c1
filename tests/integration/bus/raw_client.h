// A NATS client that can send any bytes, as a hostile or broken client could.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"

namespace mm::bus {

class RawClient {
 public:
  /// Connects as `user`; `test` may use every subject.
  explicit RawClient(int port, const std::string& user = "test");
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  /// Publishes a message with this header block (empty: none) and this reply subject (empty: none).
  void publish(std::string_view subject, std::string_view reply, std::string_view headers, std::string_view body);

  struct Message {
    std::string subject;
    std::string reply;  ///< empty: none
    std::string headers;
    std::string body;
  };
  /// Publishes a message with an inbox as reply subject, and waits for one answer.
  std::optional<Message> request(std::string_view subject, std::string_view headers, std::string_view body);

  void subscribe(std::string_view subject);

  /// Publishes to, or subscribes to, each subject. The error messages of nats-server; empty if it accepts all.
  std::vector<std::string> publish_refusals(const std::vector<std::string>& subjects);
  std::vector<std::string> subscribe_refusals(const std::vector<std::string>& subjects);
  /// Waits until the server has read everything sent so far.
  bool synchronise();
  /// The next message of the subscriptions; none if none comes within the time.
  std::optional<Message> next(Milliseconds within = Milliseconds{5'000});

 private:
  void send(std::string_view bytes);
  bool fill(Deadline deadline);
  std::optional<std::string> line(Deadline deadline);
  std::vector<std::string> refusals();
  std::optional<std::string> bytes(std::size_t count, Deadline deadline);

  int socket_ = -1;
  std::string buffer_;
  int last_inbox_ = 0;
  int last_subscription_ = 0;
};

/// The text of a header block: NATS/1.0, then a line for each pair.
std::string header_block(const std::map<std::string, std::string>& headers);

}  // namespace mm::bus
