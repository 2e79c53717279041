"""The views: each shows a part of the state and passes on what the user asks for; none knows another."""
