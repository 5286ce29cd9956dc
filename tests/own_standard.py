"""A standard of one's own with every kind of rule, sound as it stands; tests break it."""

OWN = """
schema = "circles.standard/2"
id = "own"
name = { zh = "自定", en = "Own" }
issuer = { zh = "某市", en = "A city" }
period = [2021, 2025]
issued = 2021-03-01
deadline = 2025-12-31

[settings]
order = ["column", "nbs_code"]
classes = { cungaiju = "urban" }
sources = ["plan"]

[[sources]]
id = "plan"
document = { zh = "规划", en = "Plan" }
quote = "15分钟"
status = "policy"

[[sources]]
id = "paper"
document = { zh = "论文", en = "Paper" }
status = "verified"

[[assumptions]]
id = "walking"
text = { zh = "步行", en = "On foot" }
sources = ["paper"]

[[rules]]
id = "library"
kind = "time_threshold"
service = "culture"
name = { zh = "图书馆", en = "Library" }
max_minutes = { urban = 15 }
min_share = 0.85
open_until = "20:30"
sources = ["plan"]

[[rules]]
id = "health"
kind = "distance_threshold"
service = "health"
any_of = ["clinic", "hospital"]
name = { zh = "医疗", en = "Health" }
group = "65+"
profile = "frail"
max_metres = { urban = 1000, rural = 5000 }
min_share = 1
assumptions = ["walking"]

[[rules]]
id = "elders"
kind = "time_threshold"
service = "elder_station"
name = { zh = "养老", en = "Elder care" }
max_minutes = { central = [10, 15], outer = [20, 25] }
sources = ["plan"]

[[rules]]
id = "stations"
kind = "presence"
service = "social_work"
name = { zh = "社工站", en = "Stations" }
per = "street"
strength = "strive"
deadline = 2024-06-30
sources = ["plan"]

[[rules]]
id = "places"
kind = "capacity_ratio"
name = { zh = "托位", en = "Places" }
numerator = { services = ["childcare"], capacity = "places" }
denominators = [{ column = "population" }, { column = "0-3" }]
per = 1000
min = 5.8
levels = ["community", "city"]
catchment = { rule = "library", group = "0-3", profile = "stroller" }
sources = ["plan"]

[[rules]]
id = "size"
kind = "unit_check"
name = { zh = "规模", en = "Size" }
settings = ["urban", "cungaiju"]
checks = [
    { measure = "households", min = 500 },
    { measure = "area_km2", between = [0.3, 0.5], only_if = "new" },
]
sources = ["plan"]

[[rules]]
id = "canteens"
kind = "inventory"
service = "elder_meal"
name = { zh = "饭堂", en = "Canteens" }
count = 1036
as_of = 2020-12-31
also = [{ count = 928, as_of = 2018-02-01, sources = ["paper"] }]
sources = ["plan"]

[[tiers]]
id = "basic"
name = { zh = "基本", en = "Basic" }
rules = ["library"]

[[tiers]]
id = "full"
extends = "basic"
name = { zh = "完整", en = "Full" }
rules = ["health", "size"]

[[targets]]
id = "all-urban"
of = { tier = "full" }
setting = "urban"
min_share = 0.9
sources = ["plan"]

[[targets]]
id = "all-streets"
of = { rule = "stations" }
level = "district"
min_share = 1
assumptions = ["walking"]
"""
