#include "tests/chaos/bots/bot.h"

namespace mm::chaos {
namespace {

// A request that the gateway forwarded may take effect after its client got no answer: a daemon works on it for up to
// 5 s, and a proxy may hold it back.
constexpr Milliseconds kSettleTime{10'000};

}  // namespace

std::string object_of(const Fields& fields) {
  return fields.text().empty() ? "{}" : "{" + fields.text().substr(1) + "}";
}

Bot::Bot(World& world, int number)
    : world_(world),
      number_(number),
      name_(world.run + "-" + std::to_string(number)),
      password_("canary-" + world.random.hex()),
      region_(world.random.chance(0.8) ? "eu-west" : "us-east"),
      route_{world.random.below(world.caller.gateways())} {
  world_.plant(password_);
}

Operation Bot::reading(std::string_view op, std::string target) const {
  Operation operation;
  operation.op = op;
  operation.repeats = false;
  if (!player_.empty()) operation.fields.add("player", player_);
  operation.request.target = std::move(target);
  if (login_) {
    operation.fields.add("login", login_->number);
    operation.request.token = login_->access;
  }
  return operation;
}

Operation Bot::writing(std::string_view op, std::string method, std::string target, const Fields& body) {
  auto operation = reading(op, std::move(target));
  operation.repeats = true;
  operation.request.method = std::move(method);
  if (operation.request.method != "DELETE") operation.request.body = object_of(body);
  operation.request.key = world_.random.hex();
  operation.fields.add("key", operation.request.key);
  return operation;
}

void Bot::start(Operation operation, Then then) {
  busy_ = true;
  const bool changes = operation.request.method != "GET";
  const auto token = operation.request.token;
  world_.caller.call(
      route_, std::move(operation),
      [this, changes, token, then = std::move(then)](const Outcome& outcome) {
        busy_ = false;
        if (changes && outcome.unsettled) {
          unsettled_until_ = std::chrono::steady_clock::now() + kSettleTime;
          doubtful_ = true;
        }
        if (outcome.answer.status == 401 && login_ && token == login_->access) access_refused_ = true;
        then(outcome);
      },
      acting_);
}

bool Bot::act() {
  if (busy_) return false;
  acting_ = true;
  choose();
  acting_ = false;
  return true;
}

void Bot::choose() {
  if (!registered_) return sign_up();
  if (!login_) return log_in();
  if (access_refused_) return refresh();
  if (doubtful_) return read_active();
  if (!socket_ && !connecting_) connect_later(Milliseconds{0});
  Choice choice;
  add_reads(choice);
  add_account_actions(choice);
  add_party_actions(choice);
  add_queue_actions(choice);
  choice.run(world_.random);
}

void Bot::add_reads(Choice& choice) {
  choice.add(3, [this] { read_me(); });
  choice.add(3, [this] { read_history(); });
  choice.add(1, [this] { read_top(); });
  choice.add(2, [this] { read_active(); });
  if (party_) choice.add(3, [this] { read_party(); });
  if (ticket_) choice.add(12, [this] { read_ticket(); });
  if (match_) choice.add(12, [this] { read_match(*match_); });
  if (!world_.latest_match.empty()) choice.add(0.5, [this] { read_match(world_.latest_match); });
}

void Bot::add_account_actions(Choice& choice) {
  choice.add(2, [this] { refresh(); });
  if (!login_->spent.empty()) choice.add(0.5, [this] { present_spent_token(); });
  choice.add(0.5, [this] { log_out(); });
  choice.add(0.3, [this] { try_wrong_password(); });
  if (online_) choice.add(1, [this] { drop_socket(); });
  if (!ended_access_.empty() && std::chrono::steady_clock::now() - ended_at_ > Milliseconds{1'500})
    choice.add(3, [this] { use_ended_access(); });
}

bool Bot::drain() {
  const auto now = std::chrono::steady_clock::now();
  if (busy_ || at_rest_ || now < drain_again_) return false;
  drain_again_ = now + Milliseconds{1'000};
  acting_ = true;
  if (!registered_) at_rest_ = now >= unsettled_until_;  // without an account there is nothing else to end
  else if (!login_) log_in();
  else if (access_refused_) refresh();
  else if (ticket_ && party_ && leads()) cancel_party();
  else if (ticket_ && !party_) cancel(*ticket_);
  else read_active();
  acting_ = false;
  return busy_;
}

std::string Bot::remains() const {
  if (at_rest_) return {};
  if (ticket_) return name_ + ": ticket " + *ticket_;
  if (match_) return name_ + ": match " + *match_;
  return name_ + ": its state is not known";
}

}  // namespace mm::chaos
