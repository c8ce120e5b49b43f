"""Makes the schema of a given database, with errors that an operator can act on."""

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

import migrations
from cli.exits import CommandError, Exit


def bring_up_to_date(database_url: str) -> None:
    """``migrations.upgrade``; raises CommandError without the driver's words, which may hold the password."""
    try:
        migrations.upgrade(database_url)
    except OperationalError:
        raise CommandError(
            "The database does not answer, or refuses the login. Check host, port, name, user and "
            "password in DATABASE_URL.",
            Exit.UNAVAILABLE,
        ) from None
    except DBAPIError as error:
        raise CommandError(
            f"The database refused to make the schema (SQLSTATE {getattr(error.orig, 'pgcode', None)}).",
            Exit.FAILED,
        ) from None
    except (SQLAlchemyError, ValueError):  # ValueError: a port that is none
        raise CommandError(
            "DATABASE_URL must look like postgresql://user:password@host/name.", Exit.USAGE
        ) from None
