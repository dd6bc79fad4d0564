"""The mesh: who may talk to whom (manifests), how they know each other (pipes), and what each may touch (confine)."""
