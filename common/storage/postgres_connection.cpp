#include "common/storage/postgres_connection.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>

namespace mm::storage {
namespace {

/// A connection that is not established within this time is started again, because the kernel's retransmission pauses
/// grow to several seconds.
constexpr Milliseconds kReachTimeout{1'000};

std::string session_options(const PostgresOptions& options) {
  // Set as options of the connection, because the effect of a SET is lost if its transaction is rolled back.
  return "-c statement_timeout=" + std::to_string(options.statement_timeout.count()) +
         " -c lock_timeout=" + std::to_string(options.lock_timeout.count()) +
         " -c idle_in_transaction_session_timeout=10000";
}

PGconn* start_connecting(const PostgresOptions& options) {
  const auto session = session_options(options);
  const std::array keys{"dbname",     "password",        "application_name", "client_encoding", "options",
                        "keepalives", "keepalives_idle", "tcp_user_timeout", "gssencmode"};
  const std::array values{options.url.c_str(),
                          options.password.c_str(),
                          options.application.c_str(),
                          "UTF8",
                          session.c_str(),
                          "1",
                          "30",
                          "5000",
                          "disable"};
  static_assert(keys.size() == values.size());
  std::array<const char*, keys.size() + 1> key_list{};
  std::array<const char*, keys.size() + 1> value_list{};
  std::copy(keys.begin(), keys.end(), key_list.begin());
  std::copy(values.begin(), values.end(), value_list.begin());
  if (options.password.empty()) value_list[1] = nullptr;
  return PQconnectStartParams(key_list.data(), value_list.data(), 1);
}

}  // namespace

Result<Done, std::string> check_postgres_url(const std::string& url) {
  struct Free {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
  };
  const std::unique_ptr<PQconninfoOption, Free> options(PQconninfoParse(url.c_str(), nullptr));
  if (!options) return fail(std::string("it must have the form postgresql://user@host:port/database"));
  return Done{};
}

PostgresConnection::Attempt::Attempt(const PostgresOptions& options)
    : handle_(start_connecting(options)), reached_by_(Deadline::after(kReachTimeout)) {
  if (!handle_) throw std::bad_alloc();
  state_ = PQstatus(handle_.get()) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
}

Result<std::unique_ptr<PostgresConnection>, std::string> PostgresConnection::Attempt::finish(Deadline deadline) {
  while (state_ != PGRES_POLLING_OK) {
    if (state_ == PGRES_POLLING_FAILED) return fail("cannot connect: " + std::string(PQerrorMessage(handle_.get())));
    const bool reached = PQstatus(handle_.get()) != CONNECTION_STARTED;
    const auto until = reached ? deadline : Deadline::at(std::min(deadline.when(), reached_by_.when()));
    const short events = state_ == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    pollfd waited{PQsocket(handle_.get()), events, 0};
    const int ready = poll(&waited, 1, static_cast<int>(until.remaining().count()));
    if (ready > 0) state_ = PQconnectPoll(handle_.get());
    if (ready == 0 && !reached && reached_by_.passed()) return fail(std::string("cannot connect: timed out"));
    if (ready == 0) return std::unique_ptr<PostgresConnection>();
  }
  try {
    return std::unique_ptr<PostgresConnection>(new PostgresConnection(std::move(handle_)));
  } catch (const std::exception& error) {
    return fail(std::string("cannot connect: ") + error.what());
  }
}

Result<std::unique_ptr<PostgresConnection::Attempt>, std::string> PostgresConnection::start(
    const PostgresOptions& options) {
  return std::make_unique<Attempt>(options);
}

pqxx::connectionpolicy::handle PostgresConnection::Policy::do_startconnect(handle present) {
  if (present != nullptr) return present;
  // libpqxx calls this again to reconnect a broken connection. Refused, because work would continue in another session.
  if (!handle_) throw pqxx::broken_connection("the connection was lost");
  return handle_.release();
}

PostgresConnection::PostgresConnection(Handle ready) : pqxx::connection_base(policy_), policy_(std::move(ready)) {
  init();
  // Errors without DETAIL, because it repeats values such as a player's e-mail address.
  set_verbosity(terse);
  socket_ = fcntl(sock(), F_DUPFD_CLOEXEC, 0);
  check(socket_ >= 0, "postgres: no file descriptor left for a connection");
}

PostgresConnection::~PostgresConnection() {
  close();
  ::close(socket_);
}

bool PostgresConnection::is_quiet() const {
  pollfd looked{socket_, POLLIN, 0};
  return poll(&looked, 1, 0) == 0;
}

}  // namespace mm::storage
