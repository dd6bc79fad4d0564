"""Push rules: whether an event is worth telling a user of, and how.

    rules = PushRules.parse(account_data["m.push_rules"])
    actions = rules.evaluate(event, Circumstances(user_id, room_id, display_name="Ann", member_count=2))
    notifies(actions), tweaks_of(actions)     # True, {"highlight": False, "sound": "default"}

Standards: Matrix v1.19, Client-Server API §Push Rules.
"""

from scop.matrix.push_rules.conditions import Circumstances
from scop.matrix.push_rules.defaults import default_push_rules
from scop.matrix.push_rules.rules import Action, PushRules, notifies, tweaks_of

__all__ = ["Action", "Circumstances", "PushRules", "default_push_rules", "notifies", "tweaks_of"]
