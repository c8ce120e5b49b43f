"""The dispatcher as the product runs it, but for orders that it obeys."""

from shared.services.lifecycle import deletion
from tests.faults import arming
from workers import dispatcher

if __name__ == "__main__":
    arming.install()
    deletion.AGAIN_SECONDS = dispatcher.RETAIN_EVERY_SECONDS = 2.0
    dispatcher.main()
