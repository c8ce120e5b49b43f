"""What a patient may say about their record, and ask of it."""
