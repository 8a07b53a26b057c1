#include "common/storage/postgres_connection.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <poll.h>
#include <unistd.h>

#include <array>

namespace mm::storage {
namespace {

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using Handle = std::unique_ptr<PGconn, Finish>;

std::string session_options(const PostgresOptions& options) {
  // In the connection's own options: a SET would be lost with a transaction that is rolled back.
  return "-c statement_timeout=" + std::to_string(options.statement_timeout.count()) +
         " -c lock_timeout=" + std::to_string(options.lock_timeout.count()) +
         " -c idle_in_transaction_session_timeout=10000";
}

Handle start(const PostgresOptions& options) {
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
  return Handle(PQconnectStartParams(key_list.data(), value_list.data(), 1));
}

/// PQconnectdb waits for whole seconds, two at least; this waits for the deadline.
Handle connected(const PostgresOptions& options, Deadline deadline) {
  auto handle = start(options);
  if (!handle) throw std::bad_alloc();
  auto state = PQstatus(handle.get()) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (state != PGRES_POLLING_OK) {
    if (state == PGRES_POLLING_FAILED) throw pqxx::broken_connection(PQerrorMessage(handle.get()));
    const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    pollfd waited{PQsocket(handle.get()), events, 0};
    const int ready = poll(&waited, 1, static_cast<int>(deadline.left().count()));
    if (ready == 0) throw pqxx::broken_connection("the server takes no connection in time");
    if (ready > 0) state = PQconnectPoll(handle.get());
  }
  return handle;
}

}  // namespace

pqxx::connectionpolicy::handle PostgresConnection::Policy::do_startconnect(handle present) {
  if (present != nullptr) return present;
  // libpqxx asks again to revive a connection that broke: that would be another session in the middle of our work.
  if (options_ == nullptr) throw pqxx::broken_connection("the connection was lost");
  auto made = connected(*options_, deadline_);
  options_ = nullptr;
  return made.release();
}

PostgresConnection::PostgresConnection(const PostgresOptions& options, Deadline deadline)
    : pqxx::connection_base(policy_), policy_(options, deadline) {
  init();
  // Without the DETAIL of an error: it repeats values, such as a player's e-mail address.
  set_verbosity(terse);
  socket_ = fcntl(sock(), F_DUPFD_CLOEXEC, 0);
  check(socket_ >= 0, "postgres: no file descriptor left for a connection");
}

PostgresConnection::~PostgresConnection() {
  close();
  ::close(socket_);
}

Result<std::unique_ptr<PostgresConnection>, std::string> PostgresConnection::open(const PostgresOptions& options,
                                                                                  Deadline deadline) {
  try {
    return std::unique_ptr<PostgresConnection>(new PostgresConnection(options, deadline));
  } catch (const std::exception& error) {
    return fail(std::string("cannot connect: ") + error.what());
  }
}

bool PostgresConnection::is_quiet() const {
  pollfd looked{socket_, POLLIN, 0};
  return poll(&looked, 1, 0) == 0;
}

}  // namespace mm::storage
