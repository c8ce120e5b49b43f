"""What belongs to a practice as a whole: templates, engines, webhooks, holds, retention and the trail."""
