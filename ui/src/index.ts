/** Design tokens, languages and shared React controls. Import `@walnut-live/ui/styles.css` once per app. */

export { isLoadFailure, type LoadOptions, lazyWithRetry } from './browser/lazy-with-retry.ts';
export { saveFile } from './browser/save-file.ts';
export {
  readJson,
  type SafeStorage,
  safeLocalStorage,
  safeSessionStorage,
} from './browser/storage.ts';
export { AppErrorBoundary, type AppErrorBoundaryProps } from './controls/app-error-boundary.tsx';
export { Avatar, type AvatarProps, initialsOf } from './controls/avatar.tsx';
export { AiPictureBadge, Badge, type BadgeTone, LiveBadge, type LiveState, StaleBadge } from './controls/badges.tsx';
export { BrandMark } from './controls/brand-mark.tsx';
export {
  Button,
  type ButtonProps,
  type ButtonSize,
  type ButtonVariant,
  IconButton,
  type IconButtonProps,
} from './controls/button.tsx';
export { cx } from './controls/class-names.ts';
export { Countdown, type CountdownProps } from './controls/countdown.tsx';
export { type Confirm, type ConfirmOptions, Dialog, type DialogProps, useConfirm } from './controls/dialog.tsx';
export { Illustration, type IllustrationName } from './controls/illustrations.tsx';
export { useBackGesture, useModalDialog } from './controls/layers.tsx';
export { NamePlate, Picture, type PictureProps, Pictures } from './controls/pictures.tsx';
export { Price, type PriceProps } from './controls/price.tsx';
export { QrCode } from './controls/qr-code.tsx';
export { QuantityStepper, type QuantityStepperProps } from './controls/quantity-stepper.tsx';
export { Sheet, type SheetProps } from './controls/sheet.tsx';
export { Skeleton, type SkeletonProps } from './controls/skeleton.tsx';
export { Spinner } from './controls/spinner.tsx';
export { CopyButton, EmptyState, type EmptyStateProps, ErrorState, type ErrorStateProps } from './controls/states.tsx';
export { type ShowToast, type ToastOptions, type ToastTone, useToast } from './controls/toast.tsx';
export { UiProvider } from './controls/ui-provider.tsx';
export * from './format/format.ts';
export { type Format, useFormat } from './format/use-format.ts';
export { useNow } from './format/use-now.ts';
export {
  createI18n,
  findMessageProblems,
  type I18n,
  type Messages,
  type ParamsOf,
  type Translate,
} from './i18n/create-i18n.ts';
export {
  type AnyErrorCode,
  type ClientErrorCode,
  errorMessages,
  errorText,
  requestIdOf,
  useErrorText,
} from './i18n/error-messages.ts';
export { chooseLocale, defaultLocale, type Locale, locales, matchLocale } from './i18n/locale.ts';
export { LocaleProvider, type LocaleState, useLocale } from './i18n/locale-provider.tsx';
export { Sticker } from './stickers/sticker.tsx';
export { type ColorName, chartColors, colors, fontFamily, motionMs, radiiPx } from './tokens.ts';
