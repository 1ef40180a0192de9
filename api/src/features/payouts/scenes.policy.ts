/**
 * What WeChat wants to be told with a transfer, by the scene the merchant was granted ("转账场景报备信息"): pure. A scene that is
 * not here would be refused with every transfer, so it is refused at the start.
 */
export interface SceneReport {
  readonly info_type: string;
  readonly info_content: string;
}
const reports: Readonly<Record<string, readonly SceneReport[]>> = {
  // 现金营销
  '1000': [
    { info_type: '活动名称', info_content: '直播推广活动' },
    { info_type: '奖励说明', info_content: '推广奖励' },
  ],
  // 佣金报酬
  '1005': [
    { info_type: '岗位类型', info_content: '推广者' },
    { info_type: '报酬说明', info_content: '推广佣金' },
  ],
};
export const isKnownScene = (sceneId: string): boolean => Object.hasOwn(reports, sceneId);

/** @throws Error for a scene whose report nobody knows */
export function sceneReportOf(sceneId: string): readonly SceneReport[] {
  const report = isKnownScene(sceneId) ? reports[sceneId] : undefined;
  if (!report) throw new Error(`nobody knows what WeChat wants to be told for transfers of scene ${sceneId}`);
  return report;
}
