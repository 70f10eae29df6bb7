# ... existing code ...

def haversine(a: Place, b: Place) -> float:
    if a == b:
        return 0.0
    dlat = math.radians(b.lat - a.lat)  # ... rest of the function unchanged ...


def route_length(places: list[Place], closed: bool = False) -> float:
    if closed and places:
        places = [*places, places[0]]
    total = 0.0
    # ... rest of the function unchanged ...
