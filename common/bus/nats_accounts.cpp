#include "common/bus/nats_accounts.h"

#include <algorithm>

#include "common/contracts/bus_rights.h"
#include "common/contracts/canary.h"

namespace mm::bus {
namespace {

// The time that a daemon has to answer a request: more than the longest deadline in use (5 s, for a login). It is not
// longer, because nats-server remembers every delivered message with a reply subject, including events, for this time,
// and searches all of them at each delivery if there are more than 4,096.
constexpr std::string_view kAnswerLifetime = "6s";
constexpr std::size_t kLineWidth = 110;

std::string join(std::string_view a, std::string_view b) { return std::string(a) + std::string(b); }

void add_service_protocol(std::string_view daemon, std::vector<std::string>& subjects) {
  for (const char* verb : {"$SRV.PING", "$SRV.INFO", "$SRV.STATS"}) {
    const auto own = std::string(verb) + "." + std::string(daemon);
    subjects.insert(subjects.end(), {verb, own, own + ".*"});
  }
}

void add_consumer(const rights::StreamConsumer& consumer, Permissions& all) {
  const auto add = [&](const std::string& name) {
    const auto path = std::string(consumer.stream.name) + "." + name;
    all.publish.push_back("$JS.API.CONSUMER.INFO." + path);
    all.publish.push_back("$JS.API.CONSUMER.MSG.NEXT." + path);
    // allow_responses is not sufficient for acknowledgements: the right to answer ends with the connection on which the
    // event arrived, and an event that was handled during a reconnect is acknowledged on the next connection.
    all.publish.push_back("$JS.ACK." + path + ".>");
    all.subscribe.push_back(retry_subject(consumer.daemon, consumer.stream, name));
  };
  if (consumer.instances == 0) return add(std::string(consumer.name));
  for (int i = 1; i <= consumer.instances; ++i) add(rights::instance_consumer(consumer.name, i));
}

Permissions daemon_permissions(std::string_view daemon) {
  Permissions all;
  for (const auto& right : rights::kTable) {
    if (right.daemon != daemon) continue;
    const bool sends = right.use == rights::Use::request || right.use == rights::Use::publish;
    (sends ? all.publish : all.subscribe).emplace_back(right.subject);
    if (right.use == rights::Use::request && daemon == rights::kRetries) {
      all.publish.push_back(join(right.subject, ".*"));
    }
  }
  all.publish.emplace_back(rights::kViolations);
  for (auto& subject : canary::probes_of(daemon)) all.publish.push_back(std::move(subject));
  if (!canary::probes_of(daemon).empty()) all.publish.push_back(canary::subject_of(daemon));
  for (const auto& consumer : rights::kConsumers) {
    if (consumer.daemon == daemon) add_consumer(consumer, all);
  }
  all.subscribe.push_back(rights::inbox_prefix(daemon) + ".>");
  add_service_protocol(daemon, all.subscribe);
  return all;
}

// The operator may subscribe to everything except inboxes. `*` also permits a subscription to `>` alone (as a token,
// `>` is one token). Wildcards that overlap an inbox without containing all of it, such as `*.x.*`, stay refused: this
// nats-server checks denied subjects only if the subscription contains one of them completely.
Permissions operator_permissions() {
  Permissions all;
  all.answers = false;
  all.subscribe.emplace_back("*");
  for (const auto name : rights::kNamespaces) {
    all.publish.push_back(join(name, ".>"));
    all.subscribe.push_back(join(name, ".>"));
  }
  for (const char* subject :
       {"$SRV.>", "$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST", "$JS.API.STREAM.INFO.*",
        "$JS.API.STREAM.MSG.GET.*", "$JS.API.DIRECT.GET.>", "$JS.API.CONSUMER.>", "$JS.ACK.>", "_INBOX.>"}) {
    all.publish.emplace_back(subject);
  }
  for (const char* subject : {"$SRV.>", "$JS.EVENT.>", "$JS.API.>", "$JS.ACK.>", "_INBOX.>"}) {
    all.subscribe.emplace_back(subject);
  }
  all.publish.push_back(canary::subject_of(rights::kOperator));  // services/nats_watch
  for (const auto daemon : rights::kDaemons) all.denied.push_back(rights::inbox_prefix(daemon) + ".>");
  return all;
}

std::string list_text(const std::vector<std::string>& subjects) {
  std::string text = "[";
  std::size_t width = 0;
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    const auto one = "\"" + subjects[i] + "\"" + (i + 1 < subjects.size() ? "," : "");
    if (i > 0 && width + one.size() > kLineWidth) {
      text += "\n          ";
      width = 0;
    } else if (i > 0) {
      text += " ";
    }
    text += one;
    width += one.size() + 1;
  }
  return text + "]";
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return out;
}

std::string user_text(std::string_view user) {
  const auto permissions = permissions_of(user);
  std::string text =
      "      {user: " + std::string(user) + ", password: $PASSWORD_" + upper(user) + ", permissions: {\n";
  text += "        publish: " + list_text(permissions.publish) + "\n";
  if (permissions.denied.empty()) {
    text += "        subscribe: " + list_text(permissions.subscribe) + "\n";
  } else {
    text += "        subscribe: {\n          allow: " + list_text(permissions.subscribe) +
            "\n          deny: " + list_text(permissions.denied) + "\n        }\n";
  }
  if (permissions.answers)
    text += "        allow_responses: {max: 1, expires: \"" + std::string(kAnswerLifetime) + "\"}\n";
  return text + "      }}\n";
}

}  // namespace

Permissions permissions_of(std::string_view user) {
  return user == rights::kOperator ? operator_permissions() : daemon_permissions(user);
}

std::string accounts_text() {
  std::string text =
      "# Generated from common/contracts/bus_rights.h by `ninja rewrite_golden`. Edit the table, not this file.\n"
      "# Passwords come from secrets.conf next to the running copy. Every user belongs to the account (see "
      "nats.conf).\n"
      "include \"secrets.conf\"\n\naccounts {\n  MM {\n    jetstream: enabled\n    users: [\n";
  for (const auto daemon : rights::kDaemons) text += user_text(daemon);
  text += user_text(rights::kOperator);
  return text + "    ]\n  }\n}\n";
}

}  // namespace mm::bus
