#include "services/gateway/logins/ended_logins.h"

namespace mm::gateway {
namespace {

constexpr Milliseconds kInterval{500};

}  // namespace

Result<Done, std::string> EndedLoginsReader::load(storage::Redis& queue, Deadline deadline) {
  while (true) {
    const auto ended = Store::read_ends(queue, position_, deadline);
    if (!ended) return fail("the ended logins cannot be read: " + ended.error().text);
    if (ended->position == position_) return Done{};
    apply(*ended);
  }
}

void EndedLoginsReader::on_tick(Store& store, SteadyPoint now) {
  if (reading_ || now < due_) return;
  reading_ = true;
  due_ = now + kInterval;
  store.read_ends(position_, [this](storage::RedisResult<EndedLogins> ended) {
    reading_ = false;
    if (!ended) return;
    // A full page: there may be more.
    if (ended->logins.size() == Store::kEndedLoginsPage) due_ = {};
    apply(*ended);
  });
}

void EndedLoginsReader::apply(const EndedLogins& ended) {
  for (const auto& one : ended.logins) endings_.end_here(login_ended(one.player, one.login));
  position_ = ended.position;
}

}  // namespace mm::gateway
