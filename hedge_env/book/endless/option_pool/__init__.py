"""A pool that quotes options: its boards, its quotes, its clients."""
