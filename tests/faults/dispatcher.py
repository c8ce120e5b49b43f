"""The dispatcher as the product runs it, but for orders that it obeys."""

from tests.faults import arming
from workers import dispatcher

if __name__ == "__main__":
    arming.install()
    dispatcher.main()
