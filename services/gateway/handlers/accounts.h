// Handlers of accounts and logins. They forward requests to profile and issue, refresh and end the tokens of players.
#pragma once

#include "services/gateway/api/route.h"

namespace mm::gateway::accounts {

void register_player(const ExchangePtr& x);
void login(const ExchangePtr& x);
void refresh(const ExchangePtr& x);
void logout(const ExchangePtr& x);
void get_me(const ExchangePtr& x);
void update_me(const ExchangePtr& x);

}  // namespace mm::gateway::accounts
